"""The ladder of one assignment, as pure rules: which of the steps that are due are taken, and who is told.

A step is due when the rep's business clock has reached its share of the promised time; the database says when that
was. Steps from the deadline on wait until the breach is marked, which is not before the CRM has been read that far.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Action = Literal["remind", "warn", "reassign", "escalate"]
Notify = Literal["rep", "manager", "second_manager"]


@dataclass(frozen=True)
class Step:
    """A step of the agreement's escalations that is due. `at_percent` is of the promised time, 100 is the deadline."""

    escalation_id: str
    number: int
    at_percent: float
    action: Action
    notify: Notify
    was_due_at: datetime


@dataclass(frozen=True)
class Answers:
    """What the rep has said of the assignment so far, and whether its time has run out."""

    is_accepted: bool = False
    is_breached: bool = False
    snoozed_until: datetime | None = None


@dataclass(frozen=True)
class Move:
    """What becomes of a step now: it is taken, or passed over for the reason given."""

    step: Step
    passed_over_because: str | None = None


@dataclass(frozen=True)
class Person:
    """Somebody of the agreement. `is_at_work` is by their own calendar, `is_away` by leave or out-of-office, and
    `has_left` when their row has ended or HubSpot has archived them: they are away for good, and told nothing.
    `away_until` is None for whoever is there, or has left."""

    rep_id: str
    name: str
    slack_user_id: str
    time_zone: str
    manager_id: str
    is_at_work: bool
    is_away: bool = False
    has_left: bool = False
    away_until: datetime | None = None


def moves(due: Sequence[Step], answers: Answers, as_of: datetime) -> list[Move]:
    """What to do about the due steps of one assignment that were neither taken nor passed over, in their order.

    A step that is missing from the answer waits. A reminder waits while the rep has snoozed. When several are due at
    once, as after a weekend, nobody is told twice: a step gives way to a later one for the same person, and everything
    before the deadline gives way to what the breach brings.
    """
    ripe = sorted((each for each in due if each.at_percent < 100 or answers.is_breached), key=lambda each: each.number)
    found = [Move(each, _gives_way(each, ripe)) for each in ripe]
    is_quiet = answers.snoozed_until is not None and as_of < answers.snoozed_until
    return [each for each in found if each.passed_over_because or each.step.action != "remind" or not is_quiet]


def _gives_way(step: Step, ripe: Sequence[Step]) -> str | None:
    if step.action == "reassign":
        return None
    later = [each for each in ripe if each.number > step.number]
    if step.at_percent < 100 and any(each.action == "reassign" for each in later):
        return "the deadline had passed"
    if any(each.notify == step.notify and each.action != "reassign" for each in later):
        return "a later step for the same person was due"
    return None


def addressee(people: Mapping[str, Person], rep_id: str, notify: Notify) -> Person | None:
    """Whom a step tells; None when nobody is above, or the rep has left, and the review channel is told instead.

    A manager who is away hands it to their own. Whoever is about the lead themselves is not told about it as its
    manager.

    Args:
        people: everybody who is or was in the agreement, by rep id.
    """
    rep = people.get(rep_id)
    if notify == "rep":
        return None if rep is None or rep.has_left else rep
    chosen = _above(people, rep)
    if notify == "second_manager":
        chosen = _above(people, chosen) or chosen
    seen: set[str] = set()
    while chosen is not None and chosen.is_away and chosen.rep_id not in seen:
        seen.add(chosen.rep_id)
        chosen = _above(people, chosen)
    return None if chosen is None or chosen.rep_id == rep_id or chosen.is_away else chosen


def _above(people: Mapping[str, Person], person: Person | None) -> Person | None:
    if person is None or person.manager_id == person.rep_id:
        return None
    return people.get(person.manager_id)
