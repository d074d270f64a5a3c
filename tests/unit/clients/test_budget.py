"""Waiting for a place: bounded, counted, and never shorter than the vendor's window."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from handoff import clock
from handoff.clients.budget import LONGEST_WAIT_S, Budget, NotAsked, Policy
from handoff.clients.stores import Api, LocalStore
from handoff.clients.window import Lane, Limit, Window

T = TypeVar("T")
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


class Counting(LocalStore):
    """Counts what a ledger would be asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = Counter[str]()

    def turn(self, api: str, policy: str, decide: Callable[[Window, Api, int], tuple[Window, T]]) -> T:
        self.asked["turn"] += 1
        return super().turn(api, policy, decide)

    def change(self, api: str, to: Callable[[Api, int], Api]) -> tuple[Api, Api]:
        self.asked["change"] += 1
        return super().change(api, to)


@pytest.mark.parametrize("is_exact", [True, False])
def test_a_call_that_succeeds_within_the_margin_asks_the_ledger_once(is_exact: bool) -> None:
    store, policy = Counting(), Policy("search", (Limit(2, 1000),), margin_ms=10_000, is_exact=is_exact)
    ask(Budget("vendor", store=store), policy)
    assert store.asked == {"turn": 1}


def test_what_is_left_of_the_day_is_written_down_now_and_then() -> None:
    store = Counting()
    budget = Budget("vendor", store=store)
    midnight = clock.now() + timedelta(hours=3)
    for left in range(100_000, 99_000, -1):
        budget.note_day(100_000, left, lambda now: midnight)
    assert store.asked["change"] == 10
    for left in (5_000, 4_999, 4_998, 4_997):
        budget.note_day(100_000, left, lambda now: midnight)
    assert store.asked["change"] == 12
