"""One closed window of one stream: read, landed, counted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from handoff import clock
from handoff.extract import relations
from handoff.extract.fetch import CHUNK, Fetcher
from handoff.extract.reading import CrmReader
from handoff.extract.sources import Source
from handoff.ledger import landing, passes
from handoff.ledger.db import Connection
from handoff.ledger.landing import Cursor

BEGINNING = datetime(1995, 1, 1, tzinfo=UTC)
HELD_BACK = timedelta(minutes=15)
"""How far behind the present a window ends whose records the search index must know."""
WORKERS = 8


@dataclass(frozen=True)
class Window:
    """Changes in `[since, until)`."""

    since: datetime
    until: datetime


def read(
    connection: Connection,
    crm: CrmReader,
    each: Source,
    window: Window,
    kind: passes.Kind,
    *,
    cursor: Cursor | None = None,
) -> passes.Pass:
    """Land what `raw` does not hold of a window, a thousand records at a time, and record the pass.

    Args:
        cursor: where the stream stands afterwards; it moves with the record of the pass, once everything has landed.
    """
    began = clock.now()
    before = connection.execute(
        "select seen_until from handoff.cursors where stream = %s", (each.stream.name,)
    ).fetchone()
    batch_id = landing.open_batch(connection, kind, began)
    fetcher = Fetcher(connection, crm, batch_id)
    seen = 0
    if each.way == "search":
        for chunk in crm.ahead(crm.changed(each, window.since, window.until), CHUNK):
            fetcher.fetch(each, fetcher.unknown(each.stream, chunk))
            seen += len(chunk)
    else:
        for rows in crm.ahead(crm.since(each, window.since, window.until), CHUNK):
            fetcher.land(each.stream, rows)
            seen += len(rows)
    relations.refresh_merged(fetcher, kind, began)
    missed = passes.missed_versions(connection, each.stream, batch_id, before["seen_until"] if before else None)
    with connection.transaction():
        if cursor:
            landing.land(connection, batch_id, each.stream, [], loaded_at=clock.now(), cursor=cursor)
        done = passes.Pass(
            kind=kind,
            stream=each.stream.name,
            batch_id=batch_id,
            read_from=window.since,
            read_until=window.until,
            started_at=began,
            finished_at=clock.now(),
            seen=seen,
            landed=fetcher.totals.landed,
            missed=0 if kind == "backfill" else missed,
            gone=fetcher.totals.gone,
        )
        passes.record(connection, done)
    landing.close_batch(connection, batch_id, clock.now(), {"landed": done.landed, "missed": done.missed})
    return done
