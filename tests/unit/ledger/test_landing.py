"""Landing: append-only, idempotent, whole or not at all, and it knows whose score may have changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger import db, landing, streams
from handoff.ledger.db import Connection
from handoff.ledger.landing import Cursor, Landed, Record, Unreadable
from handoff.ledger.streams import Stream

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def connection(database: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def contact(key: str, *, minutes: int = 0, **properties: str | None) -> Record:
    payload: dict[str, Any] = {
        "id": key,
        "properties": {"email": f"{key}@acme.example", **properties},
        "associations": {"companies": {"results": []}},
    }
    return Record(key, NOW + timedelta(minutes=minutes), payload)


def land(connection: Connection, stream: Stream, *rows: Record | Unreadable, **options: Any) -> Landed:
    batch_id = landing.open_batch(connection, "poll", NOW)
    return landing.land(connection, batch_id, stream, rows, loaded_at=NOW, **options)


def pending(connection: Connection) -> set[str]:
    return {row["lead_id"] for row in connection.execute("select lead_id from handoff.pending_leads")}


def test_the_same_version_lands_once(connection: Connection) -> None:
    assert land(connection, streams.CONTACTS, contact("1"), contact("1"), contact("2")).landed == 2
    assert land(connection, streams.CONTACTS, contact("1")).landed == 0
    assert land(connection, streams.CONTACTS, contact("1", minutes=1, firstname="Ada")).landed == 1


def test_a_new_contact_is_pending_and_remembers_when_we_heard_of_it(connection: Connection) -> None:
    heard = NOW - timedelta(seconds=3)
    landed = land(connection, streams.CONTACTS, contact("1"), contact("2"), received_at={"2": heard})
    assert landed.lead_ids == pending(connection) == {"1", "2"}
    row = connection.execute("select received_at from handoff.pending_leads where lead_id = '2'").fetchone()
    assert row == {"received_at": heard}


@pytest.mark.parametrize(
    ("changes", "wakes"),
    [
        ({"jobtitle": "CTO"}, True),
        ({"handoff_rejection_reason": "no-budget"}, True),
        ({"handoff_score": "91", "handoff_sla_status": "due"}, False),
        ({"lastmodifieddate": "2026-11-22T12:01:00Z"}, False),
        ({"phone": None, "city": ""}, False),
    ],
)
def test_only_a_change_that_may_change_a_decision_wakes_the_line(
    connection: Connection, changes: dict[str, str | None], wakes: bool
) -> None:
    land(connection, streams.CONTACTS, contact("1"))
    connection.execute("delete from handoff.pending_leads")
    landed = land(connection, streams.CONTACTS, contact("1", minutes=1, **changes))
    assert landed.landed == 1
    assert pending(connection) == ({"1"} if wakes else set())


def test_each_kind_of_record_names_the_leads_it_concerns(connection: Connection) -> None:
    land(connection, streams.CONTACTS, contact("1", associatedcompanyid="77"), contact("2"), contact("3"))
    connection.execute("delete from handoff.pending_leads")
    call = {"id": "9", "associations": {"contacts": {"results": [{"id": "2"}, {"id": "2"}]}}}
    assert land(connection, streams.CALLS, Record("9", NOW, call)).lead_ids == {"2"}
    visit = {"id": "e1", "objectId": "3"}
    assert land(connection, streams.EVENTS, Record("e1", NOW, visit)).lead_ids == {"3"}
    form = {"conversionId": "f1", "values": [{"name": "email", "value": " 1@ACME.example "}]}
    assert land(connection, streams.FORM_SUBMISSIONS, Record("f1", NOW, form)).lead_ids == {"1"}
    assert land(connection, streams.COMPANIES, Record("77", NOW, {"id": "77"})).lead_ids == {"1"}
    assert land(connection, streams.OWNERS, Record("1001", NOW, {"id": "1001"})).lead_ids == set()
    assert pending(connection) == {"1", "2", "3"}


def test_what_cannot_be_read_is_quarantined_once_and_the_rest_lands(connection: Connection) -> None:
    bad = Unreadable("5", "updatedAt", "'soon' is not a time", "correct it", '{"id": "5\u0000"}')
    for _ in range(2):
        landed = land(connection, streams.CONTACTS, bad, contact("1"))
        assert landed.quarantined == 1
    rows = connection.execute("select stream, id, field, reason, remedy, payload from raw.quarantine").fetchall()
    assert [row["id"] for row in rows] == ["5"]
    assert rows[0]["payload"] == '{"id": "5�"}'
    assert pending(connection) == {"1"}


def test_text_that_postgres_cannot_hold_is_replaced_and_the_batch_lands(connection: Connection) -> None:
    land(
        connection, streams.CONTACTS, contact("1", firstname="A\x00da \ud800"), contact("2", firstname="{{ x }}'); --")
    )
    names = connection.execute(
        "select payload #>> '{properties,firstname}' as name from raw.hubspot_contacts order by id"
    ).fetchall()
    assert [row["name"] for row in names] == ["A�da �", "{{ x }}'); --"]


def test_rows_and_cursor_move_together_or_not_at_all(connection: Connection) -> None:
    land(connection, streams.CONTACTS, contact("1"), cursor=Cursor(NOW, is_certain=True))
    later = Cursor(NOW + timedelta(1), is_certain=True)
    with pytest.raises(psycopg.errors.DatabaseError):
        # Postgres refuses the second row after the first one was copied.
        land(connection, streams.CONTACTS, contact("2"), Record("3", "infinite", {}), cursor=later)  # type: ignore[arg-type]
    assert connection.execute("select watermark from handoff.cursors").fetchall() == [{"watermark": NOW}]
    assert [row["id"] for row in connection.execute("select id from raw.hubspot_contacts")] == ["1"]
    assert pending(connection) == {"1"}


def test_a_cursor_never_moves_back_and_looking_is_not_knowing(connection: Connection) -> None:
    for until in (NOW, NOW - timedelta(hours=1)):
        land(connection, streams.CONTACTS, cursor=Cursor(until))
    rows = connection.execute("select seen_until, watermark from handoff.cursors").fetchall()
    assert rows == [{"seen_until": NOW, "watermark": None}]
    land(connection, streams.CONTACTS, cursor=Cursor(NOW - timedelta(hours=2), is_certain=True))
    rows = connection.execute("select seen_until, watermark from handoff.cursors").fetchall()
    assert rows == [{"seen_until": NOW, "watermark": NOW - timedelta(hours=2)}]


def test_the_pipeline_may_append_to_raw_and_nothing_else(connection: Connection) -> None:
    land(connection, streams.CONTACTS, contact("1"))
    for statement in ("update raw.hubspot_contacts set id = '2'", "delete from raw.hubspot_contacts"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(
    ("changes", "echoes"),
    [
        ({"hubspot_owner_id": "1001", "lifecyclestage": "marketingqualifiedlead"}, True),
        ({"hubspot_owner_id": "1001"}, True),
        ({"hubspot_owner_id": "1002"}, False),
        ({"hubspot_owner_id": "1001", "jobtitle": "CTO"}, False),
    ],
)
def test_our_own_write_back_wakes_nobody_and_a_change_by_hand_does(
    connection: Connection, database: Any, changes: dict[str, str | None], echoes: bool
) -> None:
    land(connection, streams.CONTACTS, contact("1"))
    connection.execute("delete from handoff.pending_leads")
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(
            """insert into handoff.handoffs values ('ho_1', '1', 'platform', 1, 'd', '1', 'high', 90, 'a', 'k', '{}',
                now(), now(), null, now(), now(), now())"""
        )
        admin.execute(
            """insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, not_before, attempts)
            values ('k', 'ho_1', 'hubspot_contact', %s, now(), now(), 1)""",
            ['{"properties": {"hubspot_owner_id": "1001", "lifecyclestage": "marketingqualifiedlead"}}'],
        )
    landed = land(connection, streams.CONTACTS, contact("1", minutes=1, **changes))
    assert landed.lead_ids == {"1"}
    assert landed.echoes == ({"1"} if echoes else set())
    assert connection.execute("select wakes from handoff.pending_leads").fetchall() == [{"wakes": not echoes}]
