"""What the passes behind the fast one read, and what would have been lost without them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import sql

from handoff.ledger.db import Connection
from handoff.ledger.streams import Stream

Kind = Literal["settle", "sweep", "backfill"]


@dataclass(frozen=True)
class Pass:
    """One stream of one pass, in records and versions."""

    kind: Kind
    stream: str
    batch_id: int
    read_from: datetime | None
    read_until: datetime
    started_at: datetime
    finished_at: datetime
    seen: int
    landed: int
    missed: int
    """Versions that the passes before should have landed and had not."""
    gone: int
    """Records that no longer exist under their id: deleted, erased or merged."""


def record(connection: Connection, each: Pass) -> None:
    """Add a row, in the caller's transaction."""
    connection.execute(
        """insert into handoff.passes (
            kind, stream, batch_id, read_from, read_until, started_at, finished_at, seen, landed, missed, gone
        ) values (
            %(kind)s, %(stream)s, %(batch_id)s, %(read_from)s, %(read_until)s, %(started_at)s, %(finished_at)s,
            %(seen)s, %(landed)s, %(missed)s, %(gone)s
        )""",
        vars(each),
    )


def missed_versions(connection: Connection, stream: Stream, batch_id: int, before: datetime | None) -> int:
    """Live versions of a batch that changed before a moment up to which others had read; 0 when nobody had.

    A deletion is no miss: no search ever shows one.
    """
    if before is None:
        return 0
    row = connection.execute(
        sql.SQL(
            """select count(*) as versions from raw.{} where batch_id = %s and updated_at < %s
            and coalesce(payload ->> 'archived', 'false') <> 'true'"""
        ).format(sql.Identifier(stream.name)),
        (batch_id, before),
    ).fetchone()
    return row["versions"] if row else 0


def missed(connection: Connection, since: datetime) -> dict[str, dict[str, Any]]:
    """Since a moment, by kind of pass: versions missed by those before it, records gone, and when it last ended."""
    rows = connection.execute(
        """select kind, sum(missed)::int as missed, sum(gone)::int as gone, max(finished_at) as last_at
        from handoff.passes where finished_at >= %s group by kind""",
        (since,),
    )
    return {row["kind"]: {name: row[name] for name in ("missed", "gone", "last_at")} for row in rows}
