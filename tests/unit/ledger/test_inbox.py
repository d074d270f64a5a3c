"""The inbox: one row per event however often it is delivered, and nothing is closed that was not read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from handoff.ledger import db, inbox
from handoff.ledger.db import Connection
from handoff.ledger.inbox import Event, Hint

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def connection(database: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def event(key: str, object_id: str = "1") -> Event:
    return Event("hubspot", key, "contact", object_id, NOW, {"objectId": object_id})


def test_a_repeated_delivery_is_stored_once(connection: Connection) -> None:
    assert inbox.store(connection, [event("a"), event("a"), event("b")], NOW) == 2
    assert inbox.store(connection, [event("a")], NOW) == 0
    assert inbox.store(connection, [], NOW) == 0


def test_hints_name_each_record_once_with_the_first_moment_we_heard_of_it(connection: Connection) -> None:
    inbox.store(connection, [event("a"), event("b", "2")], NOW)
    inbox.store(connection, [event("c")], NOW + timedelta(seconds=5))
    ids, hints = inbox.unread(connection)
    assert len(ids) == 3
    assert hints == [Hint("contact", "1", NOW), Hint("contact", "2", NOW)]


def test_an_event_that_is_committed_late_under_a_lower_number_stays_unread(connection: Connection) -> None:
    with db.connect() as slow, slow.transaction():
        slow.execute(
            """insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload)
            values ('hubspot', 'late', 'contact', '9', now(), '{}')"""
        )
        inbox.store(connection, [event("a")], NOW)
        ids, _ = inbox.unread(connection)
    inbox.mark_read(connection, ids, NOW)
    assert [hint.object_id for hint in inbox.unread(connection)[1]] == ["9"]


def test_a_new_event_wakes_whoever_listens(connection: Connection, database: object) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as listener:  # type: ignore[attr-defined]
        listener.execute(f"listen {inbox.CHANNEL}")
        inbox.store(connection, [event("a")], NOW)
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
        inbox.store(connection, [event("a")], NOW)
        assert list(listener.notifies(timeout=0.2, stop_after=1)) == []
