"""The watcher of the inbox, against a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg

from handoff import clock
from handoff.ledger import db, inbox
from handoff.triggers.inbox import InboxTrigger
from tests.conftest import Database

SOON_S = 10
NOT_S = 1.0
pending: dict[int, asyncio.Future[Any]] = {}


def store(key: str) -> None:
    event = inbox.Event("hubspot", key, "contact", "501", None, {})
    with db.connect() as connection:
        assert inbox.store(connection, [event], clock.now()) == 1


def read_all() -> None:
    with db.connect() as connection:
        ids, _ = inbox.unread(connection)
        inbox.mark_read(connection, ids, clock.now())


async def fires(events: AsyncIterator[Any], within_s: float) -> bool:
    """Whether the next event comes; the wait for it goes on afterwards."""
    pending.setdefault(id(events), asyncio.ensure_future(anext(events)))
    done, _ = await asyncio.wait([pending[id(events)]], timeout=within_s)
    if done:
        del pending[id(events)]
    return bool(done)


def test_what_was_stored_while_nobody_listened_is_found_at_once(database: Database) -> None:
    async def watch() -> None:
        store("before")
        events = aiter(InboxTrigger(poll_seconds=30, grace_seconds=30).run())
        assert await fires(events, SOON_S)

    asyncio.run(watch())


def test_a_notification_wakes_it_and_one_event_is_told_once(database: Database) -> None:
    async def watch() -> None:
        events = aiter(InboxTrigger(poll_seconds=30, grace_seconds=0).run())
        assert not await fires(events, NOT_S)
        store("one")
        assert await fires(events, SOON_S)
        assert not await fires(events, NOT_S)
        store("two")
        assert await fires(events, SOON_S)

    asyncio.run(watch())


def test_what_the_line_reads_meanwhile_is_not_told(database: Database) -> None:
    async def watch() -> None:
        events = aiter(InboxTrigger(poll_seconds=30, grace_seconds=NOT_S / 2).run())
        assert not await fires(events, NOT_S)
        store("one")
        read_all()
        assert not await fires(events, 2 * NOT_S)

    asyncio.run(watch())


def test_a_lost_notification_costs_one_poll(database: Database) -> None:
    async def watch() -> None:
        events = aiter(InboxTrigger(poll_seconds=0.2, grace_seconds=0).run())
        assert not await fires(events, NOT_S)
        with psycopg.connect(database.admin_dsn, autocommit=True) as admin:
            admin.execute(
                "insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload) "
                "values ('hubspot', 'silent', 'contact', '501', now(), '{}')"
            )
        assert await fires(events, SOON_S)

    asyncio.run(watch())


def test_it_survives_the_database_s_restart(database: Database) -> None:
    async def watch() -> None:
        events = aiter(InboxTrigger(poll_seconds=30, grace_seconds=0).run())
        assert not await fires(events, NOT_S)
        with psycopg.connect(database.admin_dsn, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and query like '%max(inbox_id)%' and pid <> pg_backend_pid()"
            )
        store("after")
        assert await fires(events, SOON_S)

    asyncio.run(watch())


def test_the_triggerer_can_make_it_again() -> None:
    trigger = InboxTrigger(poll_seconds=3, grace_seconds=1)
    path, arguments = trigger.serialize()
    assert path == f"{InboxTrigger.__module__}.{InboxTrigger.__name__}"
    assert InboxTrigger(**arguments).serialize() == trigger.serialize()
