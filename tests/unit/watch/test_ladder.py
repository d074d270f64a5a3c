"""The rules of one ladder: which due steps are taken, which give way, and who is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.watch.ladder import Action, Answers, Notify, Person, Step, addressee, moves

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


def step(number: int, at_percent: float, action: Action, notify: Notify) -> Step:
    return Step(f"s{number}", number, at_percent, action, notify, NOW - timedelta(minutes=10 - number))


REMIND, WARN = step(1, 50, "remind", "rep"), step(2, 80, "warn", "manager")
REASSIGN, ESCALATE = step(3, 100, "reassign", "manager"), step(4, 300, "escalate", "second_manager")
LATE = Answers(is_breached=True)


def taken(steps: list[Step], answers: Answers = Answers()) -> dict[str, str | None]:  # noqa: B008
    return {move.step.escalation_id: move.passed_over_because for move in moves(steps, answers, NOW)}


def test_steps_before_the_deadline_go_as_they_come() -> None:
    assert taken([REMIND]) == {"s1": None}
    assert taken([WARN, REMIND]) == {"s1": None, "s2": None}
    assert [move.step.number for move in moves([WARN, REMIND], Answers(), NOW)] == [1, 2]


def test_steps_from_the_deadline_on_wait_for_the_breach() -> None:
    assert taken([REMIND, REASSIGN, ESCALATE]) == {"s1": None}
    assert taken([ESCALATE], LATE) == {"s4": None}


def test_what_the_breach_brings_makes_reminders_and_warnings_idle() -> None:
    assert taken([REMIND, WARN, REASSIGN, ESCALATE], LATE) == {
        "s1": "the deadline had passed",
        "s2": "the deadline had passed",
        "s3": None,
        "s4": None,
    }


def test_nobody_is_told_twice_at_once() -> None:
    again = step(5, 90, "remind", "rep")
    assert taken([REMIND, again]) == {"s1": "a later step for the same person was due", "s5": None}
    # Whoever is told of a lead that was taken away is told of what follows as well.
    assert taken([REASSIGN, step(6, 200, "escalate", "manager")], LATE) == {"s3": None, "s6": None}


@pytest.mark.parametrize(("seconds", "reminded"), [(1, False), (0, True)], ids=["a second before", "at its end"])
def test_a_snooze_quiets_reminders_until_its_end(seconds: int, reminded: bool) -> None:
    snoozed = Answers(snoozed_until=NOW + timedelta(seconds=seconds))
    assert taken([REMIND, WARN], snoozed) == ({"s1": None} if reminded else {}) | {"s2": None}


def test_a_snooze_holds_no_breach_up() -> None:
    snoozed = Answers(is_breached=True, snoozed_until=NOW + timedelta(hours=1))
    assert taken([REMIND, REASSIGN], snoozed) == {"s1": "the deadline had passed", "s3": None}


def person(rep_id: str, manager_id: str, *, is_away: bool = False) -> Person:
    return Person(rep_id, rep_id.capitalize(), f"U{rep_id.upper()}", "UTC", manager_id, True, is_away)


CHAIN = {each.rep_id: each for each in (person("ana", "bob"), person("bob", "cy"), person("cy", "cy"))}


@pytest.mark.parametrize(
    ("rep_id", "notify", "told"),
    [
        ("ana", "rep", "ana"),
        ("ana", "manager", "bob"),
        ("ana", "second_manager", "cy"),
        ("bob", "manager", "cy"),
        ("bob", "second_manager", "cy"),
        ("cy", "manager", None),
        ("cy", "second_manager", None),
        ("left", "rep", None),
        ("left", "manager", None),
    ],
)
def test_each_step_tells_one_person(rep_id: str, notify: Notify, told: str | None) -> None:
    found = addressee(CHAIN, rep_id, notify)
    assert (found.rep_id if found else None) == told


def test_a_manager_who_is_away_hands_it_up() -> None:
    away = CHAIN | {"bob": person("bob", "cy", is_away=True)}
    found = addressee(away, "ana", "manager")
    assert found is not None
    assert found.rep_id == "cy"
    nobody = away | {"cy": person("cy", "cy", is_away=True)}
    assert addressee(nobody, "ana", "manager") is None
    # A circle of managers ends too.
    circle = {each.rep_id: each for each in (person("ana", "bob", is_away=True), person("bob", "ana", is_away=True))}
    assert addressee(circle, "ana", "manager") is None


def test_who_has_left_hears_nothing_and_their_manager_does() -> None:
    gone = CHAIN | {"ana": replace(person("ana", "bob", is_away=True), has_left=True)}
    assert addressee(gone, "ana", "rep") is None
    manager = addressee(gone, "ana", "manager")
    assert manager is not None
    assert manager.rep_id == "bob"
