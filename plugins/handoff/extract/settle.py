"""The slow pass: each stream again, up to a moment far enough back that the search index must know it.

The window is closed before the first question is asked, lies behind the present and overlaps the one before. Only this
pass moves a stream's watermark, in the transaction that records it, and never by what a record's stamp says. Whatever
it has to land, the fast pass missed: that number shows how far the index lags.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.extract import backfill, lacks, relations
from handoff.extract.fetch import Fetcher
from handoff.extract.reading import CrmReader
from handoff.extract.sources import CONTACTS, SETTLED, Source
from handoff.extract.window import HELD_BACK, WORKERS, Window, read
from handoff.ledger import landing
from handoff.ledger.db import Connection
from handoff.ledger.landing import Cursor

OVERLAP = timedelta(hours=1)
"""A record that enters the index later than this and `HELD_BACK` together waits for the nightly sweep."""


def run(connection: Connection, hook: HubSpotHook, as_of: datetime) -> dict[str, Any]:
    """Settle every stream; returns what was landed and missed, in versions, and the streams that could not be read.

    A stream without a watermark is read from the beginning.

    Raises:
        Unauthorized: the token is wrong, so that nothing can be read.
    """
    counts: dict[str, Any] = {"landed": 0, "missed": 0, "unread": []}
    lacking = lacks.now(connection)

    def settle(each: Source) -> None:
        landed, missed = _settle(connection, crm, each, as_of)
        counts["landed"] += landed
        counts["missed"] += missed

    def relate() -> None:
        counts["open_leads"] = _relations(connection, crm, as_of)

    with ThreadPoolExecutor(WORKERS) as pool:
        crm = CrmReader(hook, pool)
        for each in lacks.worth_asking(SETTLED, lacking, as_of):
            if not lacks.attempt(connection, each, lacking, as_of, partial(settle, each)):
                counts["unread"].append(each.stream.name)
        if not lacks.attempt(connection, CONTACTS, lacking, as_of, relate):
            counts["unread"].append("associations")
    return counts


def _settle(connection: Connection, crm: CrmReader, each: Source, as_of: datetime) -> tuple[int, int]:
    row = connection.execute("select watermark from handoff.cursors where stream = %s", (each.stream.name,)).fetchone()
    if row is None or row["watermark"] is None:
        return backfill.stream(connection, crm, each, as_of), 0
    window = Window(row["watermark"] - OVERLAP, as_of - HELD_BACK)
    done = read(connection, crm, each, window, "settle", cursor=Cursor(window.until, is_certain=True))
    return done.landed, done.missed


def _relations(connection: Connection, crm: CrmReader, as_of: datetime) -> int:
    """Read the associations of open handoffs again, in a batch of their own: they are nobody's miss."""
    batch_id = landing.open_batch(connection, "settle", as_of)
    fetcher = Fetcher(connection, crm, batch_id)
    leads = relations.refresh_open(fetcher)
    landing.close_batch(connection, batch_id, clock.now(), {"landed": fetcher.totals.landed, "open_leads": leads})
    return leads
