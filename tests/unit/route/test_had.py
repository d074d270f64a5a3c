"""To whom a lead that comes again does not go straight back."""

from datetime import datetime, timedelta

import pytest

from handoff.ledger.db import Connection
from handoff.route.assignments import Assignment
from handoff.route.had import had
from handoff.route.reassign import reassign
from tests.unit.route.handed import NOON, answer, to

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def breach(connection: Connection, given: Assignment, at: datetime) -> None:
    connection.execute(
        "insert into handoff.breaches (assignment_id, due_at, marked_at) values (%s, %s, %s)",
        (given.assignment_id, given.due_at, at),
    )


@pytest.mark.parametrize(
    ("kind", "reps"),
    [("rejected", ["ana-costa"]), ("declined", ["ana-costa"]), ("contacted", []), ("withdrawn", []), ("accepted", [])],
)
def test_who_rejected_or_handed_on_had_it(connection: Connection, kind: str, reps: list[str]) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    answer(connection, given, kind, NOON + MINUTE)
    assert had(connection, "1", "platform", NOON + DAY) == reps
    assert had(connection, "1", "another", NOON + DAY) == []
    # As it was known then.
    assert had(connection, "1", "platform", NOON + MINUTE / 2) == []
    assert had(connection, "1", "platform", NOON) == []


def test_everybody_who_did_not_keep_it_had_it(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    breach(connection, given, NOON + MINUTE)
    second = reassign(connection, given.handoff_id, NOON + MINUTE, "breach")
    assert second.rep["rep_id"] == "ben-okafor"
    assert had(connection, "1", "platform", NOON + DAY) == ["ana-costa"]
    answer(connection, second, "rejected", NOON + 2 * MINUTE)
    assert had(connection, "1", "platform", NOON + DAY) == ["ana-costa", "ben-okafor"]


def test_only_the_last_time_counts_also_of_one_that_was_merged(connection: Connection) -> None:
    for lead_id, rep_id, at in (("1", "ana-costa", NOON), ("3", "ben-okafor", NOON + DAY)):
        answer(connection, to(connection, lead_id, rep_id, at), "rejected", at + MINUTE)
    for lead_id, at in (("1", NOON + 2 * DAY), ("3", NOON + 3 * DAY)):
        connection.execute("insert into handoff.aliases values ('contacts', %s, '2', %s)", (lead_id, at))
    known = [had(connection, "2", "platform", NOON + days * DAY) for days in (1, 2, 3)]
    assert known == [[], ["ana-costa"], ["ben-okafor"]]
