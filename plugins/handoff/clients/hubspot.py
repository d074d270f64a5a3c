"""HubSpot's CRM, as the extractor and the write-back use it."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import httpx
from airflow.sdk import BaseHook

from handoff import connections
from handoff.clients import hubspot_shapes as shapes
from handoff.clients.hubspot_wire import TIMEOUT, HubSpotError, Json, call
from handoff.clients.pace import Pace


class HubSpotHook(BaseHook):
    """Reads and writes CRM records over one pool of connections; safe to share between threads.

    .. seealso:: https://developers.hubspot.com/docs/api-reference/overview

    :param hubspot_conn_id: Airflow connection; `extra.api_version` is a date version (default 2026-09) or `v3`.
    :param search_pace: searches per second of this process, None for no limit; HubSpot allows 5 per account.
    :param sleep: waits that many seconds.
    """

    conn_name_attr = "hubspot_conn_id"
    default_conn_name = connections.HUBSPOT
    conn_type = "http"
    hook_name = "HubSpot"

    def __init__(
        self,
        hubspot_conn_id: str = default_conn_name,
        *,
        search_pace: int | None = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.hubspot_conn_id = hubspot_conn_id
        self._sleep = sleep
        # A tenth more than HubSpot's second: requests do not arrive as evenly as they leave.
        self._pace = Pace(search_pace, 1.1, sleep) if search_pace else None

    @cached_property
    def credentials(self) -> connections.Credentials:
        """The connection, looked up once."""
        return connections.get(self.hubspot_conn_id)

    @cached_property
    def client(self) -> httpx.Client:
        """The pool of connections, opened at first use."""
        return httpx.Client(
            base_url=self.credentials.host or "https://api.hubapi.com",
            headers={"Authorization": f"Bearer {self.credentials.password}"},
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16),
        )

    def search(
        self, object_type: str, since: datetime, until: datetime, cursor_property: str, properties: Sequence[str] = ()
    ) -> Iterator[tuple[str, Json]]:
        """Records whose `cursor_property` lies in [since, until), as (id, properties), by ascending id.

        Each page is a new query above the last id, because HubSpot serves no offset past 10,000 and shifts offsets
        when records change meanwhile. The index lags by seconds to minutes: read the values with `batch_read`.
        """
        last = 0
        while True:
            if self._pace:
                self._pace.wait()
            query = shapes.window(cursor_property, since, until, last, properties)
            page = self._read("POST", self._object(object_type, "search"), json=query)
            for record in page["results"]:
                if int(record["id"]) <= last:
                    raise HubSpotError(f"search of {object_type}: id {record['id']} after {last}; ids must ascend")
                last = int(record["id"])
                yield record["id"], record["properties"]
            # `total` counts what is above the last id; without it only an empty page is the end.
            if len(page["results"]) >= page.get("total", len(page["results"]) + 1) or not page["results"]:
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
            page = self._read("POST", self._object(object_type, "batch/read"), json=body)
            found.update({record["id"]: record for record in page.get("results", ())})
        return [found[each] for each in wanted if each in found], [each for each in wanted if each not in found]

    def associations(self, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """For every id, the ids of its associated records, each once, in HubSpot's order."""
        path = f"{self._path('associations')}/{from_type}/{to_type}/batch/read"
        found: dict[str, dict[str, None]] = {each: {} for each in ids}
        waiting: list[Json] = [{"id": each} for each in found]
        seen: set[tuple[str, str]] = set()
        while waiting:
            chunk, waiting = waiting[: shapes.ASSOCIATIONS_PAGE], waiting[shapes.ASSOCIATIONS_PAGE :]
            for result in self._read("POST", path, json={"inputs": chunk}).get("results", ()):
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
        self, object_type: str, record_id: str, properties: Sequence[str], with_history: Sequence[str] = ()
    ) -> Json:
        """One record. After a merge the answer's id differs from the one asked for."""
        history = {"propertiesWithHistory": ",".join(with_history)} if with_history else {}
        query = {"properties": ",".join(properties), **history}
        return self._read("GET", self._object(object_type, record_id), params=query)

    def patch(self, object_type: str, record_id: str, properties: dict[str, str]) -> Json:
        """Set properties, once: after `Unavailable` or `RateLimited` read and compare before another try."""
        return self._write("PATCH", self._object(object_type, record_id), {"properties": properties})

    def properties(self, object_type: str) -> list[Json]:
        """Property definitions, with options and read-only flags."""
        return list(self._read("GET", f"{self._path('properties')}/{object_type}")["results"])

    def create_property(self, object_type: str, definition: Json) -> Json:
        """Define a property; raises `Conflict` if one by that name exists."""
        return self._write("POST", f"{self._path('properties')}/{object_type}", definition)

    def update_property(self, object_type: str, name: str, changes: Json) -> Json:
        """Change a property's definition; `options` are replaced as a whole."""
        return self._write("PATCH", f"{self._path('properties')}/{object_type}/{name}", changes)

    def create_property_group(self, object_type: str, name: str, label: str) -> Json:
        """Define a group of properties; raises `Conflict` if one by that name exists."""
        return self._write("POST", f"{self._path('properties')}/{object_type}/groups", {"name": name, "label": label})

    def account(self) -> Json:
        """Portal id, time zone, currency and kind of account."""
        return self._read("GET", self._path("account"))

    def _object(self, object_type: str, rest: str) -> str:
        return f"{self._path('objects')}/{object_type}/{rest}"

    def _path(self, what: str) -> str:
        return shapes.path(what, str(self.credentials.extra.get("api_version") or "2026-09"))

    def _read(self, method: str, path: str, **request: Any) -> Json:
        return call(self.client, method, path, repeatable=True, sleep=self._sleep, **request)

    def _write(self, method: str, path: str, body: Json) -> Json:
        return call(self.client, method, path, repeatable=False, sleep=self._sleep, json=body)

    def _list(self, path: str, limit: int, **query: Any) -> Iterator[Json]:
        after: str | None = None
        while True:
            page = self._read("GET", path, params={**query, "limit": limit, **({"after": after} if after else {})})
            yield from page.get("results", ())
            previous, after = after, shapes.after(page)
            if not after:
                return
            if after == previous:
                raise HubSpotError(f"list of {path}: the page after {after} names itself as the next one; try again")
