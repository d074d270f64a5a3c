"""The inbox: one row per event however often it is delivered, and nothing is closed that was not read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from handoff.ledger import db, inbox
from handoff.ledger.db import Connection
from handoff.ledger.inbox import Event, Hint
from handoff.local import progress

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WAITING = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


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


def test_what_tells_of_our_own_write_is_kept_as_read_and_wakes_nobody(connection: Connection, database: object) -> None:
    own = replace(event("own"), is_echo=True)
    with psycopg.connect(database.dsn, autocommit=True) as listener:  # type: ignore[attr-defined]
        listener.execute(f"listen {inbox.CHANNEL}")
        assert inbox.store(connection, [own], NOW) == 1
        assert list(listener.notifies(timeout=0.2, stop_after=1)) == []
        assert inbox.unread(connection) == ([], [])
        assert not inbox.has_news(connection, NOW - timedelta(seconds=1))
        assert inbox.store(connection, [own, event("theirs", "2")], NOW) == 1
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
    assert inbox.unread(connection)[1] == [Hint("contact", "2", NOW)]


def test_what_waits_in_slack_is_read_by_its_own_reader_and_wakes_nobody(
    connection: Connection, database: object
) -> None:
    pressed = Event(inbox.SLACK, "p", "block_actions", "press", NOW, {"type": "block_actions"})
    with psycopg.connect(database.dsn, autocommit=True) as listener:  # type: ignore[attr-defined]
        listener.execute(f"listen {inbox.CHANNEL}")
        assert inbox.store(connection, [pressed], NOW) == 1
        assert list(listener.notifies(timeout=0.2, stop_after=1)) == []
    assert inbox.unread(connection) == ([], [])
    ids, hints = inbox.unread(connection, source=inbox.SLACK)
    assert hints == [Hint("block_actions", "press", NOW)]
    inbox.mark_read(connection, ids, NOW)
    assert inbox.unread(connection, source=inbox.SLACK) == ([], [])


def test_two_deliveries_of_the_same_events_in_other_orders_wait_for_one_another_never_both(
    connection: Connection,
) -> None:
    def deliver() -> int:
        with db.connect() as own:
            return inbox.store(own, [event("b"), event("a")], NOW)

    with ThreadPoolExecutor(1) as thread, db.connect() as watcher:
        with connection.transaction():
            inbox.store(connection, [event("a")], NOW)
            other = thread.submit(deliver)
            assert progress.wait(lambda: bool(watcher.execute(WAITING).fetchall()), timeout_s=10)
            assert inbox.store(connection, [event("b")], NOW) == 1
        assert other.result() == 0


def test_what_it_stores_comes_back_as_it_was(connection: Connection) -> None:
    odd = Event("hubspot", "odd", "contact", "1", None, {"a": [1, None, {"b": '{"x": \\ ,}'}], "n": 2**70})
    inbox.store(connection, [odd], NOW)
    row = connection.execute("select occurred_at, received_at, payload from handoff.inbox").fetchone()
    assert row == {"occurred_at": None, "received_at": NOW, "payload": odd.payload}


def test_the_oldest_are_read_first_and_no_more_than_asked_for(connection: Connection) -> None:
    for number in range(3):
        inbox.store(connection, [event(str(number), str(number))], NOW)
    assert [hint.object_id for hint in inbox.unread(connection, limit=2)[1]] == ["0", "1"]
