"""Append source records to `raw`, note whose score they may change, and move the cursor: one transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg import sql
from psycopg.types.json import Jsonb

from handoff import identity
from handoff.ledger import pending, quarantine
from handoff.ledger.db import Connection
from handoff.ledger.storable import storable
from handoff.ledger.streams import Stream

Source = Literal["poll", "webhook", "enrich", "backfill", "settle", "sweep", "erase"]

MANY = 1000
"""Rows after which the planner's statistics are renewed at once instead of when autovacuum comes by."""


@dataclass(frozen=True)
class Record:
    """One version of a source record, readable enough to be landed."""

    id: str
    updated_at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True)
class Unreadable:
    """A source record that cannot be landed; it goes to quarantine, where someone is shown it."""

    id: str | None
    field: str
    reason: str
    remedy: str
    payload: str


@dataclass(frozen=True)
class Cursor:
    """How far a stream has been read. `is_certain`: nothing that changed before `until` can still come to light, which
    only a pass that held back can say; else it is how far somebody has looked."""

    until: datetime
    is_certain: bool = False


@dataclass
class Landed:
    """What one landing did, in rows. `lead_ids` are the leads it made pending; of those, `echoes` changed only in what
    we wrote to the CRM ourselves, which wakes no run."""

    seen: int = 0
    landed: int = 0
    quarantined: int = 0
    lead_ids: set[str] = field(default_factory=set)
    echoes: set[str] = field(default_factory=set)


def open_batch(connection: Connection, source: Source, as_of: datetime) -> int:
    """Number a landing; every raw version names its batch."""
    row = connection.execute(
        "insert into raw.batches (source, started_at) values (%s, %s) returning batch_id", (source, as_of)
    ).fetchone()
    assert row is not None
    return int(row["batch_id"])


def close_batch(connection: Connection, batch_id: int, loaded_at: datetime, counts: dict[str, Any]) -> None:
    """Record when a landing ended and what it did."""
    connection.execute(
        "update raw.batches set loaded_at = %s, counts = %s where batch_id = %s", (loaded_at, Jsonb(counts), batch_id)
    )


def land(
    connection: Connection,
    batch_id: int,
    stream: Stream,
    records: Sequence[Record | Unreadable],
    *,
    loaded_at: datetime,
    cursor: Cursor | None = None,
    received_at: dict[str, datetime] | None = None,
) -> Landed:
    """Append versions that are new, quarantine what cannot be read of them, queue the leads concerned.

    Args:
        cursor: how far the stream has now been read; None leaves it where it is.
        received_at: when a webhook about a lead arrived, by lead id; for the delay ledger.

    A version that `raw` already holds is not landed again, so any window may be read twice.
    """
    good = [record for record in records if isinstance(record, Record)]
    bad = [record for record in records if isinstance(record, Unreadable)]
    result = Landed(seen=len(records), quarantined=len(bad))
    with connection.transaction():
        quarantine.hold_records(connection, batch_id, stream, bad, loaded_at)
        fresh = _append(connection, batch_id, stream, good, loaded_at)
        result.landed = len(fresh)
        ids = set(fresh.values())
        new = [record for record in good if record.id in ids]
        identity.learn(connection, stream, [record.payload for record in new])
        result.lead_ids, result.echoes = pending.concerned(connection, stream, fresh)
        pending.queue(connection, batch_id, result.lead_ids, result.echoes, loaded_at, received_at or {})
        result.quarantined += quarantine.renew(connection, batch_id, stream, new, loaded_at)
        if cursor is not None:
            _move(connection, batch_id, stream, cursor, loaded_at)
    if result.landed >= MANY:
        connection.execute(sql.SQL("analyze raw.{}").format(sql.Identifier(stream.name)))
        connection.execute("analyze handoff.pending_leads")
    return result


def _move(connection: Connection, batch_id: int, stream: Stream, cursor: Cursor, loaded_at: datetime) -> None:
    until, moved = ("watermark", "moved_at") if cursor.is_certain else ("seen_until", "seen_at")
    connection.execute(
        sql.SQL(
            """insert into handoff.cursors (stream, {until}, {moved}, batch_id) values (%s, %s, %s, %s)
            on conflict (stream) do update set {until} = greatest(cursors.{until}, excluded.{until}),
                {moved} = excluded.{moved}, batch_id = excluded.batch_id"""
        ).format(until=sql.Identifier(until), moved=sql.Identifier(moved)),
        (stream.name, cursor.until, loaded_at, batch_id),
    )


def _append(
    connection: Connection, batch_id: int, stream: Stream, records: Iterable[Record], loaded_at: datetime
) -> dict[int, str]:
    """Insert what is new and return it: version id → record id."""
    rows = [(each.id, each.updated_at, json.dumps(storable(each.payload))) for each in records]
    if not rows:
        return {}
    connection.execute("create temp table landing (id text, updated_at timestamptz, payload jsonb) on commit drop")
    with connection.cursor() as cursor, cursor.copy("copy landing from stdin") as copy:
        for row in rows:
            copy.write_row(row)
    fresh = connection.execute(
        sql.SQL(
            """insert into raw.{} (id, updated_at, loaded_at, batch_id, payload)
            select distinct on (id, updated_at, payload) id, updated_at, %s, %s, payload from landing
            on conflict (id, updated_at, payload_hash) do nothing returning version_id, id"""
        ).format(sql.Identifier(stream.name)),
        (loaded_at, batch_id),
    ).fetchall()
    connection.execute("drop table landing")
    return {row["version_id"]: row["id"] for row in fresh}
