"""A lead's whole story on one time line: what it did, what was decided, who was told, and what sales answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from handoff.explain import story_rows
from handoff.ledger import aliases
from handoff.ledger.db import Connection
from handoff.notify import history
from handoff.notify.history import Answer, Turn
from handoff.notify.moments import elapsed

By = Literal["lead", "handoff", "sales", "crm"]
Weight = Literal["plain", "good", "bad"]
MOST_ACTS = 200
"""Of the lead's own acts, so many at once."""
_ANSWERS = {
    "accepted": "Accepted",
    "claimed": "Says they have been in touch; HubSpot does not show it yet",
    "declined": "Hands it on",
    "rejected": "Rejected",
    "contacted": "First contact",
    "withdrawn": "Taken back",
    "erased": "Erased at their own request",
}


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `who` is a person's name, None where `by` says it all; times are UTC."""

    at: datetime
    by: By
    what: str
    who: str | None = None
    weight: Weight = "plain"
    url: str | None = None
    handoff_id: str | None = None


@dataclass(frozen=True)
class Story:
    """Newest first. `older_acts` is how many acts before the oldest shown are left out, `newer_acts` how many after
    the newest."""

    moments: tuple[Moment, ...]
    older_acts: int = 0
    newer_acts: int = 0

    @property
    def handoffs(self) -> frozenset[str]:
        """Ids of the handoffs that it tells of."""
        return frozenset(each.handoff_id for each in self.moments if each.handoff_id)


def tell(
    connection: Connection, lead_id: str, activities: Iterable[dict[str, Any]], at: datetime, newer_acts: int = 0
) -> Story:
    """Everything known of a lead up to a moment, and of those that had been merged into it by then; of its acts as many
    as one can read at once.

    Args:
        activities: rows of `int_activities` as JSON, of this lead, as they were known at the moment.
        newer_acts: how many of the newest acts to leave out, which were read before.
    """
    acts = sorted((_act(each) for each in activities), key=lambda each: each.at, reverse=True)
    ids = aliases.ids_of(connection, "contacts", lead_id, at)
    shown = acts[newer_acts:][:MOST_ACTS]
    told = [*shown, *_of_the_lead(connection, ids)]
    for row in connection.execute(story_rows.HANDOFFS, {"ids": ids}):
        told += _of_a_handoff(connection, row["handoff_id"], row["qualified_at"], _qualified(row))
    known = sorted((each for each in told if each.at <= at), key=lambda each: each.at)
    return Story(tuple(reversed(known)), max(len(acts) - newer_acts - MOST_ACTS, 0), min(newer_acts, len(acts)))


def _act(row: dict[str, Any]) -> Moment:
    by: By = "lead" if row["is_inbound"] else "sales"
    return Moment(datetime.fromisoformat(row["occurred_at"]), by, row["summary"], url=row["url"])


def _qualified(row: dict[str, Any]) -> str:
    definition = f"definition {row['definition_id']} version {row['definition_version']}"
    return f"Became an MQL for {row['product_id']}: score {row['score']}, by {definition}"


def _of_the_lead(connection: Connection, ids: list[str]) -> Iterator[Moment]:
    for row in connection.execute(story_rows.OF_THE_LEAD, {"ids": ids}):
        yield Moment(row["at"], row["by"], row["what"], row["who"])
    if story_rows.are_conversions_built(connection):
        for row in connection.execute(story_rows.CONVERSIONS, {"ids": ids}):
            yield Moment(row["at"], "crm", f"Became {row['kind'].upper()}", weight="good")


def _of_a_handoff(connection: Connection, handoff_id: str, qualified_at: datetime, qualified: str) -> Iterator[Moment]:
    yield Moment(qualified_at, "handoff", qualified, handoff_id=handoff_id)
    turns = history.turns_of(connection, handoff_id)
    for turn in turns:
        why = "the deadline was missed" if turn.cause == "breach" else turn.reason
        yield Moment(turn.assigned_at, "handoff", f"Given to {turn.rep_name}: {why}", handoff_id=handoff_id)
    for answer in history.answers_of(connection, handoff_id):
        yield _answered(answer, turns, handoff_id)
    for row in connection.execute(story_rows.OF_A_HANDOFF, {"handoff": handoff_id}):
        yield Moment(row["at"], row["by"], row["what"], row["who"], row["weight"], handoff_id=handoff_id)


def _answered(answer: Answer, turns: tuple[Turn, ...], handoff_id: str) -> Moment:
    what = _ANSWERS.get(answer.kind, answer.kind.capitalize())
    weight: Weight = "plain"
    if answer.kind == "snoozed" and answer.snoozed_until is not None:
        what = f"Wants no reminder before {answer.snoozed_until:%H:%M} UTC"
    if answer.kind == "contacted":
        judged = next((each for each in reversed(turns) if each.assigned_at <= answer.at), turns[0])
        is_in_time = answer.at <= judged.due_at
        what += f" {elapsed(answer.at - turns[0].assigned_at)} after the first assignment, "
        what += "in time" if is_in_time else "after the deadline"
        weight = "good" if is_in_time else "bad"
    if answer.reason or answer.reason_id:
        what += f": {answer.reason or answer.reason_id}"
    by: By = "handoff" if answer.kind in ("withdrawn", "erased") else "sales"
    return Moment(answer.at, by, what, answer.by, weight, handoff_id=handoff_id)
