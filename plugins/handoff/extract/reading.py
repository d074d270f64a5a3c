"""Ask the CRM, several questions at once; nothing here touches the database."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import NotFound
from handoff.extract import records
from handoff.extract.sources import EVENT_TYPES, Source
from handoff.ledger.landing import Record, Unreadable

T = TypeVar("T")
Rows = list[Record | Unreadable]
Stamped = tuple[str, str | None]
"""A record's id, and when it changed, in the CRM's words."""
BATCH = 100
"""Ids in one batch read: HubSpot's limit."""


@dataclass(frozen=True)
class Whereabouts:
    """What became of a record that a batch read did not answer: it is there all the same, lies in the recycle bin,
    was merged into another, which may lie there, or, with none of these, is gone for good."""

    is_there: bool = False
    archived: Record | Unreadable | None = None
    merged_into: str | None = None


class CrmReader:
    """Reads from one CRM over a pool of threads; every question is put at once and answered as a future."""

    def __init__(self, hook: HubSpotHook, pool: ThreadPoolExecutor) -> None:
        self._hook = hook
        self._pool = pool

    def changed(self, each: Source, since: datetime, until: datetime) -> Iterator[Stamped]:
        """Records whose change lies in `[since, until)`, by ascending id, as the search shows them."""
        cursor = each.cursor_property
        for record_id, properties in self._hook.search(each.path, since, until, cursor, properties=[cursor]):
            yield record_id, properties.get(cursor)

    def changed_at_once(self, each: Source, since: datetime, until: datetime) -> Future[list[Stamped]]:
        """The same, asked in the background."""
        return self._pool.submit(lambda: list(self.changed(each, since, until)))

    def since(self, each: Source, since: datetime, until: datetime) -> Iterator[Record | Unreadable]:
        """Records of a source without a search: what happened since, or the whole list."""
        if each.way == "events":
            for kind in EVENT_TYPES:
                yield from map(records.event, self._hook.events(kind, since, until))
        elif each.way == "submissions":
            for form in self._hook.forms():
                for answer in self._hook.form_submissions(form["id"], since):
                    yield records.form_submission(answer, form["id"], form["name"])
        else:
            yield from self._listed(each)

    def since_at_once(self, each: Source, since: datetime, until: datetime) -> Future[Rows]:
        """The same, asked in the background."""
        return self._pool.submit(lambda: list(self.since(each, since, until)))

    def ahead(self, answers: Iterator[T], size: int) -> Iterator[list[T]]:
        """The answers in lists of at most `size`; the next one is read while the caller works on this one."""
        following = self._pool.submit(lambda: list(islice(answers, size)))
        while answered := following.result():
            following = self._pool.submit(lambda: list(islice(answers, size)))
            yield answered

    def everything(self, each: Source, *, archived: bool) -> Iterator[dict[str, Any]]:
        """All live records with their stamps, or all in the recycle bin with their values."""
        wanted = each.properties if archived else [each.cursor_property]
        return self._hook.list_all(each.path, wanted, archived=archived)

    def objects(self, each: Source, ids: Sequence[str]) -> tuple[Rows, list[str]]:
        """The present values of records with the ids of what they are associated with, and the ids not answered."""
        parts = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
        read = partial(self._hook.batch_read, each.path, properties=each.properties, with_history=each.history)
        answers = [self._pool.submit(read, part) for part in parts]
        associated: dict[str, list[str]] = {}
        if each.associated:
            for found in self._pool.map(partial(self._hook.associations, each.path, each.associated), parts):
                associated.update(found)
        rows = [
            records.crm_object(answer, each.associated, associated.get(str(answer.get("id")), []))
            for each_part in answers
            for answer in each_part.result()[0]
        ]
        return rows, [record_id for each_part in answers for record_id in each_part.result()[1]]

    def associated(self, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """For every record the ids of what it is associated with now."""
        parts = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
        found: dict[str, list[str]] = {}
        for part in self._pool.map(partial(self._hook.associations, from_type, to_type), parts):
            found.update(part)
        return found

    def events_of(self, contact_id: str, since: datetime, until: datetime) -> Rows:
        """Everything one contact did, under its present id."""
        return [
            records.event(answer)
            for kind in EVENT_TYPES
            for answer in self._hook.events(kind, since, until, object_id=contact_id)
        ]

    def whereabouts(self, each: Source, ids: Sequence[str]) -> dict[str, Whereabouts]:
        """What became of records that were not answered."""
        return dict(zip(ids, self._pool.map(partial(self._whereabouts, each), ids), strict=True))

    def _whereabouts(self, each: Source, record_id: str) -> Whereabouts:
        try:
            found = self._hook.read(each.path, record_id, [each.cursor_property])
        except NotFound:
            pass
        else:
            # After a merge the old id answers with the record that it became.
            is_there = str(found["id"]) == record_id
            return Whereabouts(is_there, merged_into=None if is_there else str(found["id"]))
        try:
            answer = self._hook.read(each.path, record_id, each.properties, archived=True)
        except NotFound:
            return Whereabouts()
        archived = records.crm_object({**answer, "archived": True}, each.associated)
        is_itself = str(answer["id"]) == record_id
        return Whereabouts(archived=archived, merged_into=None if is_itself else str(answer["id"]))

    def _listed(self, each: Source) -> Iterator[Record | Unreadable]:
        match each.path:
            case "owners":
                for archived in (False, True):
                    yield from map(records.owner, self._hook.owners(archived))
            case "users":
                yield from map(records.crm_object, self._hook.list_all("users", each.properties))
            case "pipelines":
                for answer in self._hook.pipelines("deals"):
                    yield records.listed(answer, str(answer.get("id")))
            case "forms":
                for answer in self._hook.forms():
                    yield records.listed(answer, str(answer.get("id")))
            case "campaigns":
                for answer in self._hook.campaigns(each.properties):
                    yield records.listed(answer, str(answer.get("id")))
            case "properties":
                for kind in ("contacts", "companies"):
                    for answer in self._hook.properties(kind):
                        yield records.listed(answer, f"{kind}.{answer.get('name')}")
