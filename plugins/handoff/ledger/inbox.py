"""Verified webhooks, stored before they are answered. They are hints: what they name is read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection

CHANNEL = "handoff_inbox"
"""Postgres notification channel that wakes the line."""


@dataclass(frozen=True)
class Event:
    """One change that a vendor tells about."""

    source: str
    event_key: str
    """Equal for two deliveries of one event, different for two events."""
    object_type: str
    object_id: str
    occurred_at: datetime | None
    payload: dict[str, Any]


@dataclass(frozen=True)
class Hint:
    """A record that changed, with the first moment we heard of it."""

    object_type: str
    object_id: str
    received_at: datetime


def store(connection: Connection, events: Sequence[Event], received_at: datetime) -> int:
    """Store what is new and wake the line; returns how many events were new."""
    with connection.transaction():
        with connection.cursor() as cursor:
            cursor.executemany(
                """insert into handoff.inbox
                    (source, event_key, object_type, object_id, occurred_at, received_at, payload)
                values (%s, %s, %s, %s, %s, %s, %s) on conflict (event_key) do nothing""",
                [
                    (
                        event.source,
                        event.event_key,
                        event.object_type,
                        event.object_id,
                        event.occurred_at,
                        received_at,
                        Jsonb(event.payload),
                    )
                    for event in events
                ],
            )
            stored = cursor.rowcount if events else 0
        if stored:
            connection.execute("select pg_notify(%s, '')", (CHANNEL,))
    return stored


def unread(connection: Connection, limit: int = 1000) -> tuple[list[int], list[Hint]]:
    """The oldest unread events: their inbox ids, and one hint per record they name."""
    rows = connection.execute(
        """with oldest as (
            select inbox_id, object_type, object_id, received_at from handoff.inbox
            where processed_at is null order by inbox_id limit %s
        )
        select object_type, object_id, min(received_at) as received_at, array_agg(inbox_id) as inbox_ids
        from oldest group by object_type, object_id order by min(inbox_id)""",
        (limit,),
    ).fetchall()
    hints = [Hint(row["object_type"], row["object_id"], row["received_at"]) for row in rows]
    return [inbox_id for row in rows for inbox_id in row["inbox_ids"]], hints


def mark_read(connection: Connection, inbox_ids: Sequence[int], as_of: datetime) -> None:
    """Close events whose records have landed; by id, because a lower number may be committed later."""
    connection.execute("update handoff.inbox set processed_at = %s where inbox_id = any(%s)", (as_of, list(inbox_ids)))
