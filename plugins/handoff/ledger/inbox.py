"""Verified requests of the vendors, stored before they are answered.

HubSpot's events are hints: what they name is read again. What people do in Slack is kept until it has been acted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection

CHANNEL = "handoff_inbox"
"""Postgres notification channel that wakes the line."""
HUBSPOT = "hubspot"
SLACK = "slack"


@dataclass(frozen=True)
class Event:
    """One thing that a vendor tells about."""

    source: str
    event_key: str
    """Equal for two deliveries of one event, different for two events."""
    object_type: str
    object_id: str
    occurred_at: datetime | None
    payload: dict[str, Any]
    is_echo: bool = False
    """Whether it tells of what we wrote ourselves: it is stored as read, and the next poll has the record."""


@dataclass(frozen=True)
class Hint:
    """A record that changed, with the first moment we heard of it."""

    object_type: str
    object_id: str
    received_at: datetime


def store(connection: Connection, events: Sequence[Event], received_at: datetime) -> int:
    """Store what is new, in one statement, and wake the line for HubSpot's news; returns how many events were new."""
    columns = (
        [event.source for event in events],
        [event.event_key for event in events],
        [event.object_type for event in events],
        [event.object_id for event in events],
        [event.occurred_at for event in events],
        [Jsonb(event.payload) for event in events],
        [received_at if event.is_echo else None for event in events],
    )
    with connection.transaction():
        # In the order of the keys, so that two deliveries of the same events wait for one another, never both.
        stored = connection.execute(
            """insert into handoff.inbox
                (source, event_key, object_type, object_id, occurred_at, payload, processed_at, received_at)
            select source, event_key, object_type, object_id, occurred_at, payload, processed_at, %s
            from unnest(
                %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::jsonb[], %s::timestamptz[]
            ) as event (source, event_key, object_type, object_id, occurred_at, payload, processed_at)
            order by event_key
            on conflict (event_key) do nothing""",
            (received_at, *columns),
        ).rowcount
        if stored and any(event.source == HUBSPOT and not event.is_echo for event in events):
            connection.execute("select pg_notify(%s, '')", (CHANNEL,))
    return stored


def unread(connection: Connection, *, source: str = HUBSPOT, limit: int = 1000) -> tuple[list[int], list[Hint]]:
    """A source's oldest unread events: their inbox ids, and one hint per record they name."""
    rows = connection.execute(
        """with oldest as (
            select inbox_id, object_type, object_id, received_at from handoff.inbox
            where processed_at is null and source = %s order by inbox_id limit %s
        )
        select object_type, object_id, min(received_at) as received_at, array_agg(inbox_id) as inbox_ids
        from oldest group by object_type, object_id order by min(inbox_id)""",
        (source, limit),
    ).fetchall()
    hints = [Hint(row["object_type"], row["object_id"], row["received_at"]) for row in rows]
    return [inbox_id for row in rows for inbox_id in row["inbox_ids"]], hints


def has_news(connection: Connection, since: datetime) -> bool:
    """Whether an event of HubSpot's has come in since a moment and is unread; one from before may not be readable."""
    return bool(
        connection.execute(
            """select from handoff.inbox
            where processed_at is null and source = %s and received_at > %s limit 1""",
            (HUBSPOT, since),
        ).rowcount
    )


def mark_read(connection: Connection, inbox_ids: Sequence[int], as_of: datetime) -> None:
    """Close events whose records have landed; by id, because a lower number may be committed later."""
    connection.execute("update handoff.inbox set processed_at = %s where inbox_id = any(%s)", (as_of, list(inbox_ids)))
