"""`kill -9` at every boundary of the watch, each time that it is passed: the next run makes up for it, and all that is
done is done once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from handoff import crash
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.local import progress
from handoff.watch.pauses import beat
from handoff.watch.run import run
from tests.conftest import Database
from tests.dying import dies_at
from tests.unit.route.handed import to
from tests.unit.watch.clockwork import HAND_RAISER, HIGH, call, deliver, leave, moment, read, status
from tests.unit.watch.conftest import add_leads, connect_slack

START = moment("2026-11-25 14:00")
NOW = START + timedelta(hours=2)
STEPS = 9
"""Taken in the first run: passed over, gone on, escalated and reminded."""
POINTS = (
    ("watch.pause.written", 2),
    ("watch.pause.committed", 2),
    ("watch.contact.recorded", 2),
    ("watch.contact.committed", 2),
    ("watch.crm_answer.recorded", 2),
    ("watch.crm_answer.committed", 2),
    ("watch.breach.marked", 2),
    ("watch.breach.committed", 2),
    ("watch.leaver.moved", 2),
    ("watch.ladder.decided", STEPS),
    ("watch.ladder.taken", STEPS),
    ("watch.ladder.told", 2),
    ("watch.run.beaten", 1),
)


@pytest.fixture
def admin(agreement_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def prepare(connection: Connection, admin: psycopg.Connection[Any]) -> None:
    """Two leads for everything the watch does: told late, contacted, answered in the CRM, left behind, lapsed,
    reminded."""
    for lead_id in ("1", "2"):
        to(connection, lead_id, "ana-costa", START, **HIGH)
    deliver(connection, START + timedelta(minutes=2))
    for lead_id in ("3", "4", "5", "6", "7", "8"):
        to(connection, lead_id, "ana-costa", START, **HAND_RAISER)
    for lead_id in ("9", "10"):
        to(connection, lead_id, "ana-costa", START - timedelta(hours=1), **HIGH)
    for lead_id in ("11", "12"):
        to(connection, lead_id, "chloe-martin", START, **HIGH)
    deliver(connection)
    leave(admin, "1003", START)
    for lead_id in ("3", "4"):
        call(admin, lead_id, START + timedelta(minutes=3), "1001")
    status(admin, "5", START + timedelta(minutes=4), "IN_PROGRESS")
    status(admin, "6", START + timedelta(minutes=4), "UNQUALIFIED", "not_mine")
    read(connection, NOW)
    beat(connection, NOW - timedelta(minutes=1))


def is_free(connection: Connection) -> bool:
    with db.only_one(connection, "watch") as free:
        return free


def ledger(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that a run leaves behind, without the numbers that a transaction which was rolled back uses up."""
    of_assignment = "inner join handoff.assignments as given using (assignment_id)"
    queries = {
        "assignments": "select handoff_id, rep_id, cause, assigned_at, due_at from handoff.assignments",
        "answers": "select handoff_id, kind, reason_id, owner_id, occurred_at, recorded_at from handoff.dispositions",
        "breaches": f"select handoff_id, breach.due_at, marked_at from handoff.breaches as breach {of_assignment}",
        "steps": f"""select handoff_id, escalation_id, action, addressed_to, was_due_at, taken_at,
            skipped_because is null as is_taken from handoff.ladder_steps {of_assignment}""",
        "pauses": f"""select handoff_id, began_at, ended_at, pause.reason as because, pause.due_at as moved_to
            from handoff.clock_pauses as pause {of_assignment}""",
        "effects": """select handoff_id, kind, payload ->> 'slack_user_id' as whom,
            (payload -> 'properties') - 'hs_task_body' as said, created_at from handoff.outbox""",
    }
    return {
        name: sorted((tuple(row.values()) for row in connection.execute(query)), key=repr)
        for name, query in queries.items()
    }


def watch_on(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    for minutes in (0, 0, 1):
        run(connection, NOW + timedelta(minutes=minutes))
        deliver(connection)
    return ledger(connection)


@pytest.fixture(scope="module")
def undisturbed(module_agreement_database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What runs leave behind that nobody disturbs."""
    with pytest.MonkeyPatch.context() as patch:
        connect_slack(patch)
        add_leads(module_agreement_database)
        with psycopg.connect(module_agreement_database.admin_dsn, autocommit=True) as admin, db.connect() as connection:
            prepare(connection, admin)
            return watch_on(connection)


def test_an_undisturbed_run_does_all_that_is_killed_below(undisturbed: dict[str, list[tuple[Any, ...]]]) -> None:
    assert {row[1] for row in undisturbed["answers"]} == {"contacted", "accepted", "declined"}
    assert (len(undisturbed["breaches"]), len(undisturbed["pauses"])) == (3, 2)
    assert [row[5] for row in undisturbed["steps"]].count(NOW) == STEPS
    assert [row[2] for row in undisturbed["assignments"]].count("left") == 2
    assert {row[2] for row in undisturbed["steps"]} == {"remind", "reassign", "escalate"}


@pytest.mark.parametrize(("point", "nth"), [(point, nth) for point, most in POINTS for nth in range(1, most + 1)])
def test_the_next_run_makes_up_for_one_that_was_killed(
    undisturbed: dict[str, Any], connection: Connection, admin: psycopg.Connection[Any], point: str, nth: int
) -> None:
    prepare(connection, admin)
    assert dies_at(point, lambda own: run(own, NOW), nth)
    # Postgres notices a moment later that the process is gone, and lets its lock go.
    assert progress.wait(lambda: is_free(connection), timeout_s=60, interval_s=0.01)
    deliver(connection)
    assert watch_on(connection) == undisturbed


def test_every_point_of_the_watch_is_killed_at() -> None:
    ours = {point for point in crash.POINTS if point.startswith("watch.") and not point.startswith("watch.answer.")}
    assert {point for point, _ in POINTS} == ours
    source = "".join(path.read_text() for path in Path(crash.__file__).parent.joinpath("watch").glob("*.py"))
    assert all(f'crash.point("{point}")' in source for point in ours)
