"""Waiting for a place: bounded, counted, and never shorter than the vendor's window."""

import threading
from dataclasses import replace

import pytest

from handoff.clients.budget import LONGEST_WAIT_S, Budget, NotAsked, Policy
from handoff.clients.stores import LocalStore
from handoff.clients.window import Lane, Limit, Window

SEARCH = Policy("search", (Limit(2, 1000),))


@pytest.fixture
def store() -> LocalStore:
    return LocalStore()


def ask(budget: Budget, policy: Policy = SEARCH, longest_wait_s: float | None = None) -> str:
    return budget.call(policy, lambda: "answer", lambda problem: True, longest_wait_s)


def fill(store: LocalStore, **change: int) -> None:
    store.turn("vendor", "search", lambda kept, api, now: (replace(kept, **{k: now + v for k, v in change.items()}), 0))


def test_a_wait_is_as_long_as_the_window_and_counted(store: LocalStore) -> None:
    waits: list[float] = []
    budget = Budget("vendor", store=store, sleep=lambda seconds: waits.append(seconds) or fill(store, blocked_until=-1))
    fill(store, blocked_until=700)
    assert ask(budget) == "answer"
    assert [round(each, 1) for each in waits] == [0.7]
    assert budget.waited_s == sum(waits)


@pytest.mark.parametrize("lane", ["line", "background"])
def test_waiting_ends(store: LocalStore, lane: Lane) -> None:
    waits: list[float] = []
    budget = Budget("vendor", lane=lane, store=store, sleep=waits.append)
    for _ in range(2 if lane == "line" else 1):
        ask(budget)
    with pytest.raises(NotAsked, match="no place within search") as kept:
        ask(budget)
    assert kept.value.reason == "room"
    assert 0 < kept.value.retry_after_s <= 1.101
    assert LONGEST_WAIT_S[lane] - 1.2 < sum(waits) <= LONGEST_WAIT_S[lane]


def test_a_caller_may_have_less_patience(store: LocalStore) -> None:
    budget = Budget("vendor", store=store, sleep=pytest.fail)
    fill(store, blocked_until=700)
    with pytest.raises(NotAsked):
        ask(budget, longest_wait_s=0.5)


def test_what_was_said_of_the_limits_goes_before(store: LocalStore) -> None:
    budget = Budget("vendor", store=store, sleep=pytest.fail)
    budget.learn(SEARCH, (Limit(4, 1000),))
    budget.learn(SEARCH, ())
    assert [ask(budget) for _ in range(4)] == ["answer"] * 4
    with pytest.raises(NotAsked):
        ask(Budget("vendor", store=store), longest_wait_s=0)


def test_a_policy_without_limits_is_only_held_back_by_a_block(store: LocalStore) -> None:
    waits: list[float] = []
    budget, free = Budget("vendor", store=store, sleep=waits.append), replace(SEARCH, limits=())
    for _ in range(50):
        ask(budget, free)
    assert waits == []
    budget.block(free, 5)
    ask(budget, free)
    assert [round(each) for each in waits] == [5]


def test_a_slow_answer_counts_from_when_it_came(store: LocalStore) -> None:
    """A request may have arrived at any time before its answer."""
    began: list[int] = []

    def slowly() -> None:
        def age(kept: Window, api: object, now: int) -> tuple[Window, None]:
            began.append(kept.line[-1])
            return kept, None

        store.turn("vendor", "search", age)
        answers.wait(0.25)

    answers = threading.Event()
    Budget("vendor", store=store).call(SEARCH, slowly, lambda problem: True)
    (at,) = store.turn("vendor", "search", lambda kept, api, now: (kept, kept.line))
    assert at - began[0] >= 150 - 1


@pytest.mark.parametrize("is_exact", [True, False])
def test_an_answer_within_the_margin_costs_nothing_more(store: LocalStore, is_exact: bool) -> None:
    turns: list[str] = []

    class Counting(LocalStore):
        def turn(self, api, policy, decide):  # type: ignore[no-untyped-def]
            turns.append(policy)
            return super().turn(api, policy, decide)

    policy = Policy("search", (Limit(2, 1000),), margin_ms=10_000, is_exact=is_exact)
    Budget("vendor", store=Counting()).call(policy, lambda: None, lambda problem: True)
    assert turns == ["search"]
