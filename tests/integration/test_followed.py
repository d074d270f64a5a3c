"""Marts that follow the changes of leads are those that are made anew."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bench import history, marts, marts_changes
from handoff import clock
from handoff.ledger import db
from handoff.ledger.db import Connection
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
