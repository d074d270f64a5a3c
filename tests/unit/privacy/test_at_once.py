"""An erasure and a landing at the same time, and an erasure that the CRM asks for while others are at work."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.privacy import person, reported
from handoff.privacy.erase import erase
from tests.unit.privacy.planted import ADA, NOW, contact, dump, land, plant, run_of_the_line


@pytest.fixture
def connection(agreement_database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')
    with db.connect() as connection:
        connection.execute("set lock_timeout = '200ms'")
        plant(connection, ADA)
        yield connection


def test_an_erasure_waits_for_what_began_to_land_before_it(connection: Connection) -> None:
    before = dump(connection, ADA.pattern, "raw", "handoff")
    with db.connect() as other:
        with other.transaction():
            land(other, "hubspot_contacts", ADA.ids[0], contact(ADA, ADA.ids[0], again=True), NOW)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                erase(connection, person.find(connection, ADA.email), NOW, "person")
            assert dump(connection, ADA.pattern, "raw", "handoff") == before
        erase(connection, person.find(connection, ADA.email), NOW, "person")
    run_of_the_line(connection)
    assert dump(connection, ADA.pattern) == {}


def test_what_lands_during_an_erasure_waits_for_it_and_is_refused(connection: Connection) -> None:
    with db.connect() as other:
        other.execute("set lock_timeout = '200ms'")
        with connection.transaction():
            erase(connection, person.find(connection, ADA.email), NOW, "person")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                land(other, "hubspot_contacts", ADA.ids[0], contact(ADA, ADA.ids[0]), NOW)
        assert land(other, "hubspot_contacts", ADA.ids[0], contact(ADA, ADA.ids[0]), NOW) == 0


def test_what_fails_half_way_changes_nothing(connection: Connection) -> None:
    before = dump(connection, ".", "raw", "handoff")
    with db.connect("handoff_admin") as admin:
        admin.execute("revoke delete on raw.hubspot_contacts from handoff_privacy")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        erase(connection, person.find(connection, ADA.email), NOW, "person")
    assert dump(connection, ".", "raw", "handoff") == before
    row = connection.execute("select current_user as name").fetchone()
    assert row == {"name": "handoff_app"}


def test_whom_the_crm_reports_is_erased_by_the_next_run_when_others_are_at_work(connection: Connection) -> None:
    gone = {"id": ADA.ids[0], "archived": True, "isErased": True, "properties": {}}
    land(connection, "hubspot_contacts", ADA.ids[0], gone, NOW)
    with db.connect() as other, other.transaction():
        other.execute(
            """insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload)
            values ('hubspot', 'k', 'deal', '5', %s, %s)""",
            (NOW, Jsonb({})),
        )
        assert reported.erase(connection, 1, NOW, {}) == (0, [ADA.ids[0]])
    assert reported.erase(connection, 1, NOW, {}) == (1, [])
    assert reported.erase(connection, 1, NOW, {}) == (0, [])
    run_of_the_line(connection)
    assert dump(connection, ADA.pattern) == {}
    rows = connection.execute("select asked_by from handoff.erasures").fetchall()
    assert [row["asked_by"] for row in rows] == ["crm"]
