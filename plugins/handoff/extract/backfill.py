"""History in: every stream from the beginning, year by year, newest first, with no effect on anyone.

A window that has been read is noted with its rows, so that a backfill goes on where it was stopped. What is landed
pages nobody: it happened before the products went live, and a handoff needs behaviour from after that.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import PlanLacks
from handoff.extract import lacks
from handoff.extract.reading import CrmReader
from handoff.extract.sources import SETTLED, Source
from handoff.extract.window import BEGINNING, HELD_BACK, WORKERS, Window, read
from handoff.ledger import landing
from handoff.ledger.db import Connection
from handoff.ledger.landing import Cursor

log = logging.getLogger(__name__)

YEAR = timedelta(days=365)
YEARS = 6
"""Read one by one; what is older comes in one window."""


def run(connection: Connection, hook: HubSpotHook, as_of: datetime, since: datetime = BEGINNING) -> dict[str, Any]:
    """Read all streams' changes in `[since, as_of - HELD_BACK)`; returns versions landed, by stream.

    Running it again reads what is missing and no more.

    Raises:
        HubSpotError: the CRM did not answer; what has been read stays, and the next run goes on from there.
    """
    landed: dict[str, Any] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        crm = CrmReader(hook, pool)
        for each in SETTLED:
            try:
                landed[each.stream.name] = stream(connection, crm, each, as_of, since)
            except PlanLacks as plan_lacks:
                lacks.note(connection, each, plan_lacks, as_of)
    return landed


def stream(connection: Connection, crm: CrmReader, each: Source, as_of: datetime, since: datetime = BEGINNING) -> int:
    """One stream; from the beginning on, its cursors move to the end as well."""
    landed, until = 0, _until(connection, each) or as_of - HELD_BACK
    # A form's submissions can only be read from the newest on, so each window would read all later ones again.
    for window in [Window(since, until)] if each.way == "submissions" else _years(since, until):
        if not _is_read(connection, each, window):
            done = read(connection, crm, each, window, "backfill")
            landed += done.landed
            log.info("%s from %s on: %s read, %s landed", each.stream.name, window.since.date(), done.seen, done.landed)
    if since <= BEGINNING:
        batch_id = landing.open_batch(connection, "backfill", clock.now())
        for cursor in (Cursor(until), Cursor(until, is_certain=True)):
            landing.land(connection, batch_id, each.stream, [], loaded_at=clock.now(), cursor=cursor)
        landing.close_batch(connection, batch_id, clock.now(), {"landed": landed})
    return landed


def _years(since: datetime, until: datetime) -> Iterator[Window]:
    """Windows that cover `[since, until)`, newest first."""
    for _ in range(YEARS):
        if until - YEAR > since:
            yield Window(until - YEAR, until)
            until -= YEAR
    if until > since:
        yield Window(since, until)


def _until(connection: Connection, each: Source) -> datetime | None:
    """Where the backfill of this stream that was begun last ends; None when none was begun."""
    row = connection.execute(
        "select max(read_until) as until from handoff.passes where kind = 'backfill' and stream = %s",
        (each.stream.name,),
    ).fetchone()
    return row["until"] if row else None


def _is_read(connection: Connection, each: Source, window: Window) -> bool:
    row = connection.execute(
        """select exists (
            select from handoff.passes where kind = 'backfill' and stream = %s
            and read_from <= %s and read_until >= %s
        ) as yes""",
        (each.stream.name, window.since, window.until),
    ).fetchone()
    return bool(row and row["yes"])
