"""One handoff that raises, at each of the watch's steps: the others go on, and it is made up for when it can be."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger.db import Connection
from handoff.route.assignments import Assignment
from tests.conftest import Database
from tests.unit.route.handed import NOON, to
from tests.unit.watch.clockwork import HAND_RAISER, HIGH, call, deliver, hand, look, moment, reps, status

LEADS = ("1", "2", "3")
MINUTE = timedelta(minutes=1)
Admin = psycopg.Connection[Any]


def ny(wall: str) -> datetime:
    return moment(f"2026-11-25 {wall}")


@pytest.fixture
def admin(agreement_database: Database) -> Iterator[Admin]:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def refuse(admin: Admin, table: str, condition: str) -> None:
    """Nothing that meets the condition can be written: an error of this row's own, whichever line of ours stumbles."""
    admin.execute(f"alter table handoff.{table} add constraint planted check (not ({condition})) not valid")


def allow(admin: Admin, table: str) -> None:
    admin.execute(f"alter table handoff.{table} drop constraint planted")


def contacted(connection: Connection, admin: Admin) -> tuple[list[Assignment], datetime]:
    given = [hand(connection, lead_id, "ana-costa", NOON, **HIGH) for lead_id in LEADS]
    for lead_id in LEADS:
        call(admin, lead_id, ny("12:05"), "1001")
    return given, ny("12:06")


def rejected_in_the_crm(connection: Connection, admin: Admin) -> tuple[list[Assignment], datetime]:
    given = [hand(connection, lead_id, "ana-costa", NOON, **HIGH) for lead_id in LEADS]
    for lead_id in LEADS:
        status(admin, lead_id, ny("12:05"), "UNQUALIFIED", "no_interest")
    return given, ny("12:06")


def overdue(connection: Connection, admin: Admin) -> tuple[list[Assignment], datetime]:
    return [hand(connection, lead_id, "ana-costa", NOON, **HAND_RAISER) for lead_id in LEADS], ny("12:06")


def told_late(connection: Connection, admin: Admin) -> tuple[list[Assignment], datetime]:
    given = [to(connection, lead_id, "ana-costa", NOON, **HIGH) for lead_id in LEADS]
    deliver(connection, NOON + 3 * MINUTE)
    return given, ny("12:06")


def alerts(connection: Connection) -> list[str]:
    rows = connection.execute(
        """select payload ->> 'text' as text from handoff.outbox
        where starts_with(dedupe_key, 'slack_review:unforeseen:') order by outbox_id"""
    )
    return [row["text"] for row in rows]


@pytest.mark.parametrize(
    ("situation", "table", "condition", "counted"),
    [
        (told_late, "clock_pauses", "assignment_id = {0.assignment_id}", "paused"),
        (contacted, "dispositions", "handoff_id = '{0.handoff_id}'", "contacted"),
        (rejected_in_the_crm, "dispositions", "handoff_id = '{0.handoff_id}'", "answered"),
        (overdue, "breaches", "assignment_id = {0.assignment_id}", "breached"),
        (overdue, "ladder_steps", "assignment_id = {0.assignment_id}", "reassign"),
        (overdue, "outbox", "dedupe_key like 'slack_note:ladder:{0.assignment_id}:%'", "told"),
    ],
)
def test_one_that_raises_waits_alone_and_is_told_once(
    connection: Connection,
    admin: Admin,
    situation: Callable[[Connection, Admin], tuple[list[Assignment], datetime]],
    table: str,
    condition: str,
    counted: str,
) -> None:
    given, at = situation(connection, admin)
    refuse(admin, table, condition.format(given[0]))
    counts = look(connection, at)
    assert (counts[counted], counts["raised"]) == (2, 1)
    (told,) = alerts(connection)
    assert told.startswith("The clock of contact 1 cannot be judged, and must wait: an unforeseen CheckViolation at ")
    counts = look(connection, at + MINUTE)
    assert (counts.get(counted), counts["raised"]) == (None, 1)
    assert alerts(connection) == [told]
    allow(admin, table)
    counts = look(connection, at + 2 * MINUTE)
    assert (counts[counted], counts.get("raised")) == (1, None)
    # The watch was at work each time: no outage, and nobody's time is given back.
    assert connection.execute("select from handoff.clock_pauses where reason = 'outage'").rowcount == 0


def test_contact_that_cannot_be_written_forestalls_all_the_same(connection: Connection, admin: Admin) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    call(admin, "1", ny("12:04"), "1001")
    refuse(admin, "dispositions", "true")
    assert look(connection, ny("12:06")) == {"raised": 1}
    assert connection.execute("select from handoff.breaches").rowcount == 0
    allow(admin, "dispositions")
    assert look(connection, ny("12:07")) == {"contacted": 1}
    assert reps(connection, given) == ["ana-costa"]
