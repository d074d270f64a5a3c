"""Marts that follow the changes of leads are those that are made anew."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bench import history, marts, marts_changes
from handoff import clock
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.privacy import retention
from handoff.qualify import dbt
from handoff.qualify import run as qualify
from handoff.review import stale
from handoff.review.run import build_marts
from tests.conftest import Database

CONTACTS, EVENTS, HANDOFFS = 300, 4000, 30
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("models_alone")


@pytest.fixture(scope="module")
def connection(module_agreement_database: Database) -> Iterator[Connection]:
    with db.connect() as connection:
        history.load(CONTACTS, EVENTS, lambda words: None)
        yield connection


def test_late_repeated_merged_and_deleted_input_gives_the_same_either_way(connection: Connection) -> None:
    found = marts.measure(connection, HANDOFFS)
    assert found["differing"] == {}
    assert 0 < found["followed"]["moved_leads"] < CONTACTS / 2
    assert found["rows"]["fct_touches"] > EVENTS / 10
    assert found["empty"] == []
    assert all(found["changes"].values())


def test_what_was_dated_ahead_is_shown_when_it_comes_about(connection: Connection) -> None:
    at = clock.now() + 2 * HOUR
    ahead = at + HOUR
    lead = connection.execute("select lead_id from line.int_leads order by lead_id limit 1").fetchone()
    assert lead
    connection.execute("delete from handoff.stale_leads")
    marts_changes.land_visit(connection, lead["lead_id"], at, ahead)
    build_marts(connection, at)
    touches = "select count(*) as touches from marts.fct_touches where lead_id = %s and occurred_at = %s"
    given = (lead["lead_id"], ahead)
    assert connection.execute(touches, given).fetchone() == {"touches": 0}
    build_marts(connection, ahead + HOUR)
    assert connection.execute(touches, given).fetchone() != {"touches": 0}


def test_what_retention_takes_leaves_the_line_and_the_marts_as_if_it_had_never_been(connection: Connection) -> None:
    # The tests before this one built the marts of moments to come.
    at = clock.now() + 8 * HOUR
    old = at - timedelta(days=731)
    leads = connection.execute("select lead_id from line.int_leads order by lead_id desc limit 2").fetchall()
    lead, other = (each["lead_id"] for each in leads)
    # What a version said that another replaced: of whom nothing else goes.
    marts_changes.land_sessions(connection, other, at, [old, old + HOUR])
    marts_changes.land_visit(connection, lead, at, old)
    build_marts(connection, at)
    told = """select
        (select count(*) from line.int_activities where lead_id = %(lead)s and occurred_at = %(at)s) as line,
        (select count(*) from line.int_touch_acts where lead_id = %(lead)s and occurred_at = %(at)s) as acts,
        (select count(*) from marts.fct_touches where lead_id = %(lead)s and occurred_at = %(at)s) as marts,
        (select count(*) from marts.fct_touches where lead_id = %(other)s and occurred_at = %(at)s) as sessions"""
    named = {"lead": lead, "other": other, "at": old}
    before = connection.execute(told, named).fetchone()
    assert before is not None
    assert all(before.values())
    connection.execute("delete from handoff.pending_leads")

    counts = retention.run(connection, at, None)
    assert counts["hubspot_events"] >= 1
    assert counts["hubspot_contacts"] == 1
    later = at + HOUR
    qualify.run(connection, later)
    build_marts(connection, later)
    assert connection.execute(told, named).fetchone() == dict.fromkeys(before, 0)
    columns = "activity_id, lead_id, kind, summary, subject, url, occurred_at"
    with db.connect("handoff_admin") as admin:
        admin.execute("drop schema if exists kept_line cascade")
        admin.execute("create schema kept_line")
        admin.execute(f"create table kept_line.acts as select {columns} from line.int_activities")
        marts.keep(connection)
        stale.note_all(connection)
        build_marts(connection, later)
        assert marts.differing(connection) == {}
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=later, as_loaded=True)
        for some, others in (("kept_line.acts", "line.int_activities"), ("line.int_activities", "kept_line.acts")):
            both = f"select {columns} from {some} except all select {columns} from {others}"
            assert admin.execute(both).fetchall() == []
