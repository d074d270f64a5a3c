"""Ask the CRM, several questions at once; nothing here touches the database."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import PlanLacks
from handoff.extract import records
from handoff.extract.tables import CrmObject
from handoff.ledger.landing import Record, Unreadable

log = logging.getLogger(__name__)

Rows = list[Record | Unreadable]
BATCH = 100
"""Ids in one batch read: HubSpot's limit."""


class CrmReader:
    """Reads from one CRM over a pool of threads; every question is put at once and answered as a future."""

    def __init__(self, hook: HubSpotHook, pool: ThreadPoolExecutor) -> None:
        self._hook = hook
        self._pool = pool

    def changed_ids(self, each: CrmObject, since: datetime, until: datetime) -> Future[list[tuple[str, str | None]]]:
        """Ids of the records that changed in `[since, until)`, each with its time of change as the search shows it."""

        def search() -> list[tuple[str, str | None]]:
            cursor = each.cursor_property
            found = self._hook.search(each.object_type, since, until, cursor, properties=[cursor])
            return [(record_id, properties.get(cursor)) for record_id, properties in found]

        return self._pool.submit(search)

    def events(self, event_type: str, since: datetime, until: datetime) -> Future[Rows]:
        """Behavioural events of one type; none where the portal's plan has none."""

        def read() -> Rows:
            try:
                return [records.event(answer) for answer in self._hook.events(event_type, since, until)]
            except PlanLacks as lacks:
                log.warning("no %s events: %s; the contacts' own counters stand in", event_type, lacks)
                return []

        return self._pool.submit(read)

    def form_submissions(self, since: datetime) -> Future[Rows]:
        """Submissions of every form."""

        def read() -> Rows:
            return [
                records.form_submission(answer, form["id"], form["name"])
                for form in self._hook.forms()
                for answer in self._hook.form_submissions(form["id"], since)
            ]

        return self._pool.submit(read)

    def owners(self) -> Future[Rows]:
        """All owners; records keep pointing at archived ones."""

        def read() -> Rows:
            return [records.owner(answer) for archived in (False, True) for answer in self._hook.owners(archived)]

        return self._pool.submit(read)

    def objects(self, each: CrmObject, ids: Sequence[str]) -> Rows:
        """The present values of records, with the ids of what they are associated with.

        An id that the CRM no longer knows is left out: it was merged or deleted since the search.
        """
        parts = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
        reads = [self._pool.submit(self._hook.batch_read, each.object_type, part, each.properties) for part in parts]
        associated: dict[str, list[str]] = {}
        if each.associated:
            lookup = partial(self._hook.associations, each.object_type, each.associated)
            for found in self._pool.map(lookup, parts):
                associated.update(found)
        return [
            records.crm_object(answer, each.associated, associated.get(str(answer.get("id")), []))
            for read in reads
            for answer in read.result()[0]
        ]
