"""HubSpot's CRM, as the extractor, the sweep and the write-back use it."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from handoff.clients import hubspot_shapes as shapes
from handoff.clients.hubspot_session import HubSpotSession
from handoff.clients.hubspot_wire import HubSpotError, Json

log = logging.getLogger(__name__)


class HubSpotHook(HubSpotSession):
    """Reads and writes CRM records.

    .. seealso:: https://developers.hubspot.com/docs/api-reference/overview
    """

    def search(
        self, object_type: str, since: datetime, until: datetime, cursor_property: str, properties: Sequence[str] = ()
    ) -> Iterator[tuple[str, Json]]:
        """Records whose `cursor_property` lies in [since, until), as (id, properties), by ascending id.

        Each page is a new query above the last id, because HubSpot serves no offset past 10,000 and shifts offsets
        when records change meanwhile. The index lags by seconds to minutes: read the values with `batch_read`.
        """
        last = 0
        while True:
            query = shapes.window(cursor_property, since, until, last, properties)
            page = self._read("POST", self._object(object_type, "search"), json=query, needs="results")
            rows, total = page["results"], page.get("total")
            for record in rows:
                if int(record["id"]) <= last:
                    raise HubSpotError(f"search of {object_type}: id {record['id']} after {last}; ids must ascend")
                last = int(record["id"])
                yield record["id"], record["properties"]
            if not rows and total:
                log.warning("search of %s: %s more after %d did not come", object_type, total, last)
            # `total` counts what is above the last id; without it only an empty page is the end.
            if not rows or (total is not None and len(rows) >= total):
                return

    def batch_read(
        self, object_type: str, ids: Sequence[str], properties: Sequence[str], with_history: Sequence[str] = ()
    ) -> tuple[list[Json], list[str]]:
        """Current records by id, and the ids HubSpot did not answer (deleted, merged away, or not readable)."""
        wanted, found = list(dict.fromkeys(ids)), {}
        for chunk in shapes.chunks(wanted, shapes.HISTORY_PAGE if with_history else shapes.READ_PAGE):
            body = {
                "inputs": [{"id": each} for each in chunk],
                "properties": list(properties),
                "propertiesWithHistory": list(with_history),
            }
            page = self._read("POST", self._object(object_type, "batch/read"), json=body, needs="results")
            found.update(shapes.newest(page["results"]))
        return [found[each] for each in wanted if each in found], [each for each in wanted if each not in found]

    def list_all(self, object_type: str, properties: Sequence[str], archived: bool = False) -> Iterator[Json]:
        """Every record with `id`, `updatedAt`, `archived`, `archivedAt` and `properties`, by ascending id.

        Live records, or those in the recycle bin. Records that move between two pages come once, or again when they
        have become newer.

        Raises:
            HubSpotError: the pages come round again.
        """
        query = {"properties": ",".join(properties), "archived": str(archived).lower()}
        before: dict[str, Json] = {}
        for rows in self._pages(f"{self._path('objects')}/{object_type}", shapes.LIST_PAGE, **query):
            page = shapes.newest(rows)
            for record_id, record in page.items():
                if record_id not in before or shapes.is_newer(record, before[record_id]):
                    yield record
            before = page

    def associations(self, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """For every id, the ids of its associated records, each once, in HubSpot's order."""
        path = f"{self._path('associations')}/{from_type}/{to_type}/batch/read"
        found: dict[str, dict[str, None]] = {each: {} for each in ids}
        waiting: list[Json] = [{"id": each} for each in found]
        seen: set[tuple[str, str]] = set()
        while waiting:
            chunk, waiting = waiting[: shapes.ASSOCIATIONS_PAGE], waiting[shapes.ASSOCIATIONS_PAGE :]
            for result in self._read("POST", path, json={"inputs": chunk}, needs="results")["results"]:
                start = str(result["from"]["id"])
                found.setdefault(start, {}).update({str(to["toObjectId"]): None for to in result["to"]})
                after = shapes.after(result)
                if after and (start, after) not in seen:
                    seen.add((start, after))
                    waiting.append({"id": start, "after": after})
        return {start: list(ends) for start, ends in found.items()}

    def owners(self, archived: bool = False) -> Iterator[Json]:
        """CRM users; those who left come only with `archived`."""
        return self._list(self._path("owners"), shapes.LIST_PAGE, archived=str(archived).lower())

    def forms(self) -> Iterator[Json]:
        """Form definitions, also those captured on the site; blog comments have no readable submissions."""
        return self._list(self._path("forms"), shapes.LIST_PAGE, formTypes=["hubspot", "captured", "flow"])

    def form_submissions(self, guid: str, newer_than: datetime) -> Iterator[Json]:
        """Submissions with `submittedAt` at or after `newer_than`, newest first."""
        for submission in self._list(f"{self._path('submissions')}/{guid}", shapes.SUBMISSIONS_PAGE):
            if submission["submittedAt"] < shapes.epoch_ms(newer_than):
                return
            yield submission

    def events(
        self, event_type: str, after: datetime, before: datetime, object_id: str | None = None
    ) -> Iterator[Json]:
        """Contacts' event occurrences between two moments. Raises `PlanLacks` below HubSpot Enterprise."""
        return self._list(
            self._path("events"),
            shapes.LIST_PAGE,
            objectType="contact",
            eventType=event_type,
            occurredAfter=after.isoformat(),
            occurredBefore=before.isoformat(),
            **({"objectId": object_id} if object_id else {}),
        )

    def read(
        self,
        object_type: str,
        record_id: str,
        properties: Sequence[str],
        with_history: Sequence[str] = (),
        *,
        archived: bool = False,
    ) -> Json:
        """One record, live or from the recycle bin. After a merge the answer's id differs from the one asked for."""
        history = {"propertiesWithHistory": ",".join(with_history)} if with_history else {}
        query = {"properties": ",".join(properties), **history, **({"archived": "true"} if archived else {})}
        return self._read("GET", self._object(object_type, record_id), params=query)

    def patch(self, object_type: str, record_id: str, properties: dict[str, str]) -> Json:
        """Set properties, once: after `Unavailable` or `RateLimited` read and compare before another try."""
        return self._write("PATCH", self._object(object_type, record_id), {"properties": properties})

    def create(self, object_type: str, properties: dict[str, str], to_id: str, association_type: int) -> Json:
        """Create a record that is associated with another one, once: after `Unavailable` look for it before another
        try. `association_type` is one of HubSpot's own type ids."""
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association_type}]
        body = {"properties": properties, "associations": [{"to": {"id": to_id}, "types": types}]}
        return self._write("POST", f"{self._path('objects')}/{object_type}", body)

    def archive(self, object_type: str, record_id: str) -> None:
        """Move a record to the recycle bin; one that is there already is no error."""
        self._send("DELETE", self._object(object_type, record_id), 1, {})

    def properties(self, object_type: str) -> list[Json]:
        """Property definitions, with options and read-only flags."""
        return list(self._read("GET", f"{self._path('properties')}/{object_type}", needs="results")["results"])

    def pipelines(self, object_type: str) -> list[Json]:
        """Pipelines with their stages."""
        return list(self._read("GET", f"{self._path('pipelines')}/{object_type}", needs="results")["results"])

    def campaigns(self, properties: Sequence[str]) -> Iterator[Json]:
        """Marketing campaigns with those of their properties."""
        return self._list(self._path("campaigns"), shapes.LIST_PAGE, properties=",".join(properties))

    def create_property(self, object_type: str, definition: Json) -> Json:
        """Define a property; raises `Conflict` if one by that name exists."""
        return self._write("POST", f"{self._path('properties')}/{object_type}", definition)

    def update_property(self, object_type: str, name: str, changes: Json) -> Json:
        """Change a property's definition; `options` are replaced as a whole."""
        return self._write("PATCH", f"{self._path('properties')}/{object_type}/{name}", changes)

    def create_property_group(self, object_type: str, name: str, label: str) -> Json:
        """Define a group of properties; raises `Conflict` if one by that name exists."""
        return self._write("POST", f"{self._path('properties')}/{object_type}/groups", {"name": name, "label": label})

    def _object(self, object_type: str, rest: str) -> str:
        return f"{self._path('objects')}/{object_type}/{rest}"
