"""The fast pass over the CRM: what webhooks hinted at, and whatever is due for a poll, landed in `raw`.

It looks up to the present, where HubSpot's search index still lags behind the records: best effort, for the rep who is
waiting. What it cannot see yet is found by `handoff.extract.settle`, which alone may say that nothing is missing.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.extract import drift, lacks, relations
from handoff.extract.fetch import CHUNK, Fetcher
from handoff.extract.reading import CrmReader, Rows, Stamped
from handoff.extract.sources import (
    CONTACTS,
    EVENTS,
    HINTED,
    LISTED,
    PROPERTIES,
    SEARCHED,
    SUBMISSIONS,
    Source,
    is_due,
)
from handoff.extract.window import BEGINNING, WORKERS
from handoff.gates import state
from handoff.ledger import inbox, landing
from handoff.ledger.db import Connection
from handoff.ledger.landing import Cursor

OVERLAP = timedelta(minutes=5)
"""Most records are in the search index by then; the slow pass finds the others."""


@dataclass
class Counts:
    """What one pass did, in records; `changed` counts leads whose decision may differ now, `pending` those that need a
    run: our own write-back coming back is neither. `unread` are streams that failed, to be read by the next pass."""

    batch_id: int
    source: landing.Source
    seen: int = 0
    landed: int = 0
    quarantined: int = 0
    gone: int = 0
    changed: int = 0
    pending: int = 0
    unread: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(connection: Connection, hook: HubSpotHook, as_of: datetime, *, poll: bool | None = None) -> Counts:
    """Read the CRM up to `as_of` and land what is new.

    Args:
        poll: whether to poll; None polls what is due by its own interval.

    Each stream lands in a transaction of its own together with its cursor: a pass that dies loses nothing and
    repeats at most one stream. A stream that fails stops no other.

    Raises:
        Unauthorized: the token is wrong, so that nothing can be read.
    """
    inbox_ids, hints = inbox.unread(connection)
    cursors = {row["stream"]: row for row in connection.execute("select * from handoff.cursors")}
    lacking = lacks.now(connection)
    due = [
        each
        for each in lacks.worth_asking(SEARCHED, lacking, as_of)
        if poll or (poll is None and _is_due(each, cursors, as_of))
    ]
    source: landing.Source = "poll" if due else "webhook"
    counts = Counts(landing.open_batch(connection, source, as_of), source)
    with ThreadPoolExecutor(WORKERS) as pool:
        crm = CrmReader(hook, pool)
        received_at = {hint.object_id: hint.received_at for hint in hints if hint.object_type == "contact"}
        fetcher = Fetcher(connection, crm, counts.batch_id, received_at)
        one_pass = _Pass(fetcher, cursors, lacking, as_of, counts)
        if one_pass.read(due, hints):
            inbox.mark_read(connection, inbox_ids, clock.now())
        merged = partial(relations.refresh_merged, fetcher, source, as_of)
        if not lacks.attempt(connection, CONTACTS, lacking, as_of, merged):
            counts.unread.append("associations")
    totals = fetcher.totals
    counts.seen, counts.landed, counts.quarantined = totals.seen, totals.landed, totals.quarantined
    counts.gone, counts.changed = totals.gone, len(totals.changed)
    pending = connection.execute("select count(*) as pending from handoff.pending_leads where wakes").fetchone()
    counts.pending = pending["pending"] if pending else 0
    landing.close_batch(connection, counts.batch_id, clock.now(), counts.as_dict())
    return counts


def _is_due(each: Source, cursors: dict[str, Any], as_of: datetime) -> bool:
    cursor = cursors.get(each.stream.name)
    return is_due(each.every_seconds, cursor["seen_at"] if cursor else None, as_of, each.offset_seconds)


class _Pass:
    """One pass: how far each stream was looked at before, and which streams failed now."""

    def __init__(
        self,
        fetcher: Fetcher,
        cursors: dict[str, Any],
        lacking: lacks.Lacking,
        as_of: datetime,
        counts: Counts,
    ) -> None:
        self.fetcher = fetcher
        self.cursors = cursors
        self.lacking = lacking
        self.as_of = as_of
        self.counts = counts

    def read(self, due: Sequence[Source], hints: Sequence[inbox.Hint]) -> bool:
        """Ask the CRM for everything at once; land as the answers come. False when a hint could not be followed."""
        crm = self.fetcher.crm
        searches = [(each, crm.changed_at_once(each, self._since(each), self.as_of)) for each in due]
        # What closed a gate is looked at again each time, so that the gate opens soon after it was mended.
        watched = [PROPERTIES] if state.is_closed(self.fetcher.connection, "crm_properties") else []
        listed = [each for each in LISTED if each in watched or _is_due(each, self.cursors, self.as_of)]
        asked = lacks.worth_asking((SUBMISSIONS, EVENTS, *listed), self.lacking, self.as_of)
        # The first time all that ever happened comes, too much to be held at once.
        first = [each for each in asked if each.way != "list" and self._since(each) == BEGINNING]
        others = [(each, crm.since_at_once(each, self._since(each), self.as_of)) for each in asked if each not in first]
        followed = True
        # Companies first: a contact is read with its company, which is then there already.
        for name in ("company", "contact", "deal"):
            ids = [hint.object_id for hint in hints if hint.object_type == name]
            if ids:
                followed &= self._try(HINTED[name], partial(self.fetcher.fetch, HINTED[name], ids))
        for each, search in searches:
            self._try(each, partial(self._land_found, each, search))
        for each, rows in others:
            self._try(each, partial(self._land_rows, each, rows))
        for each in first:
            self._try(each, partial(self._land_all, each))
        return followed

    def _land_found(self, each: Source, search: Future[list[Stamped]]) -> None:
        self.fetcher.fetch(each, self.fetcher.unknown(each.stream, search.result()), Cursor(self.as_of))

    def _land_rows(self, each: Source, answer: Future[Rows]) -> None:
        rows = answer.result()
        if each is PROPERTIES:
            drift.check(self.fetcher.connection, rows, self.as_of)
        self.fetcher.land(each.stream, rows, Cursor(self.as_of))

    def _land_all(self, each: Source) -> None:
        crm = self.fetcher.crm
        for rows in crm.ahead(crm.since(each, BEGINNING, self.as_of), CHUNK):
            self.fetcher.land(each.stream, rows)
        self.fetcher.land(each.stream, [], Cursor(self.as_of))

    def _since(self, each: Source) -> datetime:
        cursor = self.cursors.get(each.stream.name)
        return cursor["seen_until"] - OVERLAP if cursor and cursor["seen_until"] else BEGINNING

    def _try(self, each: Source, work: Callable[[], None]) -> bool:
        done = lacks.attempt(self.fetcher.connection, each, self.lacking, self.as_of, work)
        if not done:
            self.counts.unread.append(each.stream.name)
        return done
