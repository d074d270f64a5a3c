"""What a simulation takes from the past: how long each lead waited, in open time."""

from datetime import datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.route.simulate import arrivals, left_out
from tests.unit.route.handed import NOON, answer, to

SATURDAY = NOON + timedelta(days=3)
"""No working day of anybody."""


@pytest.mark.parametrize(
    ("at", "kind", "after", "seconds"),
    [
        (NOON, "contacted", timedelta(minutes=20), (1200, 1200)),
        (NOON, "contacted", timedelta(0), (0, 0)),
        (SATURDAY, "contacted", timedelta(hours=2), (0, 0)),
        (SATURDAY, "rejected", timedelta(hours=2), (None, 0)),
        (NOON, "accepted", timedelta(minutes=20), (None, None)),
    ],
    ids=["in open hours", "at once", "on a Saturday", "rejected on a Saturday", "nobody called"],
)
def test_a_call_outside_opening_hours_is_a_call(
    connection: Connection, at: datetime, kind: str, after: timedelta, seconds: tuple[int | None, int | None]
) -> None:
    given = to(connection, "1", "ana-costa", at)
    connection.execute(
        "insert into handoff.lead_facts (lead_id, known_from, facts) values ('1', %s, %s)", (at, Jsonb({}))
    )
    answer(connection, given, kind, at + after)
    (row,) = arrivals(connection, at - timedelta(days=1), at + timedelta(days=1))
    assert (row["contact_seconds"], row["end_seconds"]) == seconds


def test_who_leaves_on_the_day_had_the_lead_in_their_hours(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    connection.execute(
        "insert into handoff.lead_facts (lead_id, known_from, facts) values ('1', %s, %s)", (NOON, Jsonb({}))
    )
    answer(connection, given, "contacted", NOON + timedelta(minutes=20))
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.reps set valid_to = '2026-11-25' where rep_id = 'ana-costa'")
    (row,) = arrivals(connection, NOON, NOON + timedelta(days=1))
    assert row["contact_seconds"] == 1200


def test_a_lead_of_whom_nothing_is_kept_is_counted_and_left_out(connection: Connection) -> None:
    for lead_id in ("1", "2", "3"):
        to(connection, lead_id, "ana-costa", NOON)
    connection.execute(
        "insert into handoff.lead_facts (lead_id, known_from, facts) values ('2', %s, %s)", (NOON, Jsonb({}))
    )
    span = (NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert [row["lead_id"] for row in arrivals(connection, *span)] == ["2"]
    assert left_out(connection, *span) == 2
    assert left_out(connection, NOON + timedelta(seconds=1), span[1]) == 0
