"""One pass over the CRM: what webhooks hinted at, and whatever is due for a poll, landed in `raw`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.extract import records
from handoff.extract.reading import CrmReader, Rows
from handoff.extract.tables import COMPANIES, CONTACTS, EVENT_TYPES, OBJECTS, OWNERS_EVERY_SECONDS, CrmObject, is_due
from handoff.ledger import inbox, landing, streams
from handoff.ledger.db import Connection
from handoff.ledger.landing import Record, Source
from handoff.ledger.streams import Stream

# The search index lags behind the records; what it shows late is still inside the next passes' windows.
OVERLAP = timedelta(minutes=15)
BEGINNING = datetime(1995, 1, 1, tzinfo=UTC)
CHUNK = 1000
WORKERS = 8


@dataclass
class Counts:
    """What one pass did, in records; `changed` counts leads whose decision may differ now, `pending` those that need a
    run: our own write-back coming back is neither."""

    batch_id: int
    source: Source
    seen: int = 0
    landed: int = 0
    quarantined: int = 0
    changed: int = 0
    pending: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(connection: Connection, hook: HubSpotHook, as_of: datetime, *, poll: bool | None = None) -> Counts:
    """Read the CRM up to `as_of` and land what is new.

    Args:
        poll: whether to poll; None polls what is due by its own interval.

    Each stream lands in a transaction of its own together with its cursor: a pass that dies loses nothing and
    repeats at most one stream.
    """
    inbox_ids, hints = inbox.unread(connection)
    due = _due(connection, as_of, poll)
    source: Source = "poll" if due else "webhook"
    batch_id = landing.open_batch(connection, source, as_of)
    counts = Counts(batch_id, source)
    with ThreadPoolExecutor(WORKERS) as pool:
        _Pass(connection, CrmReader(hook, pool), as_of, counts).read(due, hints)
    inbox.mark_read(connection, inbox_ids, clock.now())
    pending = connection.execute("select count(*) as pending from handoff.pending_leads where wakes").fetchone()
    counts.pending = pending["pending"] if pending else 0
    landing.close_batch(connection, batch_id, clock.now(), counts.as_dict())
    return counts


def _due(connection: Connection, as_of: datetime, poll: bool | None) -> list[CrmObject]:
    moved = {
        row["stream"]: row["moved_at"] for row in connection.execute("select stream, moved_at from handoff.cursors")
    }
    return [
        each
        for each in OBJECTS
        if poll
        or (poll is None and is_due(each.every_seconds, moved.get(each.stream.name), as_of, each.offset_seconds))
    ]


class _Pass:
    """State of one pass: how far each stream was read before, and what this pass counts."""

    def __init__(self, connection: Connection, crm: CrmReader, as_of: datetime, counts: Counts) -> None:
        self.connection = connection
        self.crm = crm
        self.as_of = as_of
        self.counts = counts
        self.received_at: dict[str, datetime] = {}
        self.changed: set[str] = set()
        self.watermarks = {
            row["stream"]: row for row in connection.execute("select stream, watermark, moved_at from handoff.cursors")
        }

    def read(self, due: Sequence[CrmObject], hints: Sequence[inbox.Hint]) -> None:
        """Ask the CRM for everything at once; land as the answers come."""
        searches = [(each, self.crm.changed_ids(each, self._since(each.stream), self.as_of)) for each in due]
        events = [self.crm.events(each, self._since(streams.EVENTS), self.as_of) for each in EVENT_TYPES]
        submissions = self.crm.form_submissions(self._since(streams.FORM_SUBMISSIONS))
        owners = self.crm.owners() if self._owners_due() else None

        hinted = [hint for hint in hints if hint.object_type == "contact"]
        self.received_at = {hint.object_id: hint.received_at for hint in hinted}
        companies = [hint.object_id for hint in hints if hint.object_type == "company"]
        self._land_objects(COMPANIES, companies)
        self._land_objects(CONTACTS, [hint.object_id for hint in hinted])
        if owners:
            self._land(streams.OWNERS, owners.result(), self.as_of)
        for each, search in searches:
            self._land_objects(each, self._unknown(each.stream, search.result()), watermark=self.as_of)
        self._land(streams.FORM_SUBMISSIONS, submissions.result(), self.as_of)
        self._land(streams.EVENTS, [row for rows in events for row in rows.result()], self.as_of)

    def _since(self, stream: Stream) -> datetime:
        cursor = self.watermarks.get(stream.name)
        return cursor["watermark"] - OVERLAP if cursor else BEGINNING

    def _owners_due(self) -> bool:
        cursor = self.watermarks.get(streams.OWNERS.name)
        return is_due(OWNERS_EVERY_SECONDS, cursor["moved_at"] if cursor else None, self.as_of)

    def _unknown(self, stream: Stream, found: Sequence[tuple[str, str | None]]) -> list[str]:
        """Drop what `raw` already holds in the version that the search shows: the windows overlap."""
        stamps: dict[str, datetime | None] = {}
        for record_id, stamp in found:
            try:
                stamps[record_id] = records.instant(stamp)
            except records.Unparseable:
                stamps[record_id] = None
        rows = self.connection.execute(
            sql.SQL(
                """select found.id from unnest(%s::text[], %s::timestamptz[]) as found (id, updated_at)
                where not exists (
                    select from raw.{} as known where known.id = found.id and known.updated_at >= found.updated_at
                )"""
            ).format(sql.Identifier(stream.name)),
            (list(stamps), list(stamps.values())),
        )
        return [row["id"] for row in rows]

    def _land_objects(self, each: CrmObject, ids: Sequence[str], *, watermark: datetime | None = None) -> None:
        chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)] or [[]]
        for position, chunk in enumerate(chunks, start=1):
            rows = self.crm.objects(each, chunk)
            if each is CONTACTS:
                self._land_missing_companies(rows)
            self._land(each.stream, rows, watermark if position == len(chunks) else None)

    def _land_missing_companies(self, contacts: Rows) -> None:
        """A contact's company is read with it: firmographics decide, and the companies' own poll is slower."""
        wanted = sorted(
            {
                company["id"]
                for row in contacts
                if isinstance(row, Record)
                for company in row.payload["associations"]["companies"]["results"]
            }
        )
        rows = self.connection.execute(
            """select wanted.id from unnest(%s::text[]) as wanted (id)
            where not exists (select from raw.hubspot_companies as known where known.id = wanted.id)""",
            (wanted,),
        )
        missing = [row["id"] for row in rows]
        if missing:
            self._land(streams.COMPANIES, self.crm.objects(COMPANIES, missing), None)

    def _land(self, stream: Stream, rows: Rows, watermark: datetime | None) -> None:
        if not rows and watermark is None:
            return
        landed = landing.land(
            self.connection,
            self.counts.batch_id,
            stream,
            rows,
            loaded_at=clock.now(),
            watermark=watermark,
            received_at=self.received_at,
        )
        self.counts.seen += landed.seen
        self.counts.landed += landed.landed
        self.counts.quarantined += landed.quarantined
        self.changed |= landed.lead_ids - landed.echoes
        self.counts.changed = len(self.changed)
