"""Answers by the lead's status in the CRM: of the rep who had the lead then, and of nobody's application."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger.db import Connection
from tests.conftest import Database
from tests.unit.route.handed import NOON
from tests.unit.watch.clockwork import HAND_RAISER, HIGH, hand, look, moment, reps, status, steps, value

SECOND = timedelta(seconds=1)


def ny(wall: str) -> datetime:
    return moment(f"2026-11-25 {wall}")


@pytest.fixture
def admin(agreement_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def answers(connection: Connection) -> list[tuple[str, int, str | None, datetime]]:
    rows = connection.execute("select * from handoff.dispositions order by disposition_id")
    return [(row["kind"], row["assignment_id"], row["reason_id"], row["occurred_at"]) for row in rows]


def test_an_acceptance_in_the_crm_keeps_the_lead(connection: Connection, admin: psycopg.Connection[Any]) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    status(admin, "1", ny("12:04"), "IN_PROGRESS")
    assert look(connection, ny("12:06")) == {"answered": 1, "breached": 1, "passed_over": 1, "stay": 1, "told": 1}
    assert answers(connection) == [("accepted", given.assignment_id, None, ny("12:04"))]
    assert reps(connection, given) == ["ana-costa"]


def test_what_stood_before_the_handoff_answers_nothing_whatever_is_written_later(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    # The version is newer than the handoff; the status in it is not.
    status(admin, "1", NOON - SECOND, "IN_PROGRESS")
    look(connection, ny("12:06"))
    assert answers(connection) == []
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


def test_the_former_rep_s_status_does_not_speak_for_the_next(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    look(connection, ny("12:05") + SECOND)
    status(admin, "1", ny("12:05"), "OPEN")
    look(connection, ny("12:07"))
    assert answers(connection) == [("accepted", given.assignment_id, None, ny("12:05"))]
    assert look(connection, ny("13:05:02")).get("reassign") == 1
    assert reps(connection, given) == ["ana-costa", "ben-okafor", "farah-ali"]


def test_a_rejection_ends_it_and_a_lead_that_is_not_theirs_goes_on(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    over = hand(connection, "1", "ana-costa", NOON, **HIGH)
    moved = hand(connection, "2", "ana-costa", NOON, **HIGH)
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "no_interest")
    status(admin, "2", ny("12:10"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:11")) == {"answered": 2}
    assert sorted(answers(connection)) == [
        ("declined", moved.assignment_id, "not_mine", ny("12:10")),
        ("rejected", over.assignment_id, "no_interest", ny("12:10")),
    ]
    assert reps(connection, over) == ["ana-costa"]
    assert reps(connection, moved) == ["ana-costa", "ben-okafor"]
    cause = value(connection, "select cause from handoff.assignments order by assignment_id desc limit 1")
    assert cause == "declined"
    # The status stands, and Ben has said nothing.
    assert look(connection, ny("12:12")) == {}


def test_nobody_else_may_take_it_so_a_person_is_told(connection: Connection, admin: psycopg.Connection[Any]) -> None:
    given = hand(connection, "1", "farah-ali", NOON, **HIGH)
    admin.execute("update agreement.reps set max_open = 0 where rep_id <> 'farah-ali'")
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:11")) == {"answered": 1}
    assert reps(connection, given) == ["farah-ali"]
    told = value(connection, "select payload ->> 'text' from handoff.outbox where kind = 'slack_review'")
    assert told.startswith("Contact 1 is to go to another rep, and nobody else may take it: ")
    assert steps(connection) == []
