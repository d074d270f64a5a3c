"""From ids to landed rows: read by the hundred, match every id to an answer, look up what was not answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import sql

from handoff import clock
from handoff.clients.hubspot_wire import Unavailable
from handoff.extract import records
from handoff.extract.reading import CrmReader, Rows, Stamped
from handoff.extract.sources import COMPANIES, CONTACTS, Source
from handoff.ledger import aliases, landing
from handoff.ledger.db import Connection, Row
from handoff.ledger.landing import Cursor, Record
from handoff.ledger.streams import Stream

CHUNK = 1000
"""Records in one landing: what a killed process has to read again at most."""
KEPT = ("hs_timestamp",)
"""Properties that a tombstone keeps: the staging views place an engagement by them."""


@dataclass
class Totals:
    """What was landed, in records; `changed` are leads whose decision may differ now, without our own echoes."""

    seen: int = 0
    landed: int = 0
    quarantined: int = 0
    gone: int = 0
    changed: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    """Contacts that others were merged into."""


class Fetcher:
    """Lands what one pass over the CRM finds, in one batch."""

    def __init__(
        self,
        connection: Connection,
        crm: CrmReader,
        batch_id: int,
        received_at: Mapping[str, datetime] | None = None,
    ) -> None:
        self.connection = connection
        self.crm = crm
        self.batch_id = batch_id
        self.received_at = dict(received_at or {})
        self.totals = Totals()

    def unknown(self, stream: Stream, found: Iterable[Stamped]) -> list[str]:
        """Drop what `raw` already holds in the version that the CRM shows: the windows overlap."""
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

    def fetch(self, each: Source, ids: Sequence[str], cursor: Cursor | None = None) -> None:
        """Read records by id and land them; the cursor moves with the last of them.

        Raises:
            Unavailable: the CRM leaves a record out that it has; the cursor stays, and the next pass asks again.
        """
        chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)] or [[]]
        for position, chunk in enumerate(chunks, start=1):
            rows, missing = self.crm.objects(each, chunk)
            rows += self._departed(each, missing, rows)
            if each is CONTACTS:
                self._fetch_missing_companies(rows)
            self.land(each.stream, rows, cursor if position == len(chunks) else None)

    def land(self, stream: Stream, rows: Rows, cursor: Cursor | None = None) -> None:
        """Land rows of one stream and count them."""
        if not rows and cursor is None:
            return
        landed = landing.land(
            self.connection,
            self.batch_id,
            stream,
            rows,
            loaded_at=clock.now(),
            cursor=cursor,
            received_at=self.received_at,
        )
        self.totals.seen += landed.seen
        self.totals.landed += landed.landed
        self.totals.quarantined += landed.quarantined
        self.totals.changed |= landed.lead_ids - landed.echoes

    def newest(self, stream: Stream, ids: Sequence[str]) -> list[Row]:
        """The newest version of each record that `raw` knows as live: id, updated_at and the properties to keep."""
        return self.connection.execute(
            sql.SQL(
                """select id, updated_at, payload -> 'properties' as properties from (
                    select distinct on (id) id, updated_at, payload from raw.{} where id = any(%s)
                    order by id, updated_at desc, version_id desc
                ) as newest where coalesce(payload ->> 'archived', 'false') <> 'true'"""
            ).format(sql.Identifier(stream.name)),
            (list(ids),),
        ).fetchall()

    def bury(self, each: Source, ids: Sequence[str]) -> None:
        """Land what became of records that the CRM's lists no longer hold."""
        self.land(each.stream, self._departed(each, ids, []))

    def _departed(self, each: Source, missing: Sequence[str], answered: Rows) -> Rows:
        """Rows for ids that were not answered: from the recycle bin, left out wrongly, or tombstones.

        What the answered records took over by a merge is gone as well, asked for or not.
        """
        fates = self.crm.whereabouts(each, missing) if missing else {}
        left_out = [record_id for record_id, fate in fates.items() if fate.is_there]
        into = {record_id: fate.merged_into for record_id, fate in fates.items() if fate.merged_into}
        rows, still_missing = self.crm.objects(each, [*left_out, *into.values()]) if left_out or into else ([], [])
        if unanswered := set(still_missing) & set(left_out):
            raise Unavailable(
                f"HubSpot leaves {each.path} {sorted(unanswered)[0]} out of a batch read, and has it: asked again later"
            )
        # One row, however many were merged into a record that was deleted since.
        deleted = {fate.merged_into: fate.archived for fate in fates.values() if fate.merged_into and fate.archived}
        rows += deleted.values()
        for row in (*answered, *rows):
            if isinstance(row, Record):
                into.update(dict.fromkeys(records.merged_ids(row), row.id))
        if into:
            aliases.learn(self.connection, each.path, into, clock.now())
        elif not missing:
            return rows
        for known in self.newest(each.stream, [*missing, *into]):
            fate = fates.get(known["id"])
            if fate and fate.archived is not None and not fate.merged_into:
                rows.append(fate.archived)
            elif not (fate and fate.is_there):
                kept = {name: value for name, value in (known["properties"] or {}).items() if name in KEPT}
                successor = into.get(known["id"])
                rows.append(records.tombstone(known["id"], known["updated_at"], kept, successor))
                if successor and each is CONTACTS:
                    self.totals.merged.add(successor)
            self.totals.gone += not (fate and fate.is_there)
        return rows

    def _fetch_missing_companies(self, contacts: Rows) -> None:
        """A contact's company is read with it: firmographics decide, and the companies' own poll is slower."""
        wanted = sorted(
            {
                company["id"]
                for row in contacts
                if isinstance(row, Record)
                for company in row.payload.get("associations", {}).get("companies", {}).get("results", ())
            }
        )
        rows = self.connection.execute(
            """select wanted.id from unnest(%s::text[]) as wanted (id)
            where not exists (select from raw.hubspot_companies as known where known.id = wanted.id)""",
            (wanted,),
        )
        missing = [row["id"] for row in rows]
        if missing:
            self.fetch(COMPANIES, missing)
