"""Behavioural events: page visits, marketing e-mail, form submissions."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox import clock
from sandbox.hubspot import mischief
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.shapes import listed, record_id, whole
from sandbox.hubspot.types import CONTACT, resolve
from sandbox.store import Store
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
KINDS = ("e_visited_page", "e_opened_email_v2", "e_clicked_link_in_email_v2", "e_submitted_form")
VISITED, OPENED, CLICKED, SUBMITTED = range(4)
PAGE = 1000
_PREFIX = "e0000000-0000-4000-8000-"


def event_id(number: int) -> str:
    """An event's id on the wire."""
    return f"{_PREFIX}{number:012x}"


def property_set(store: Store, properties: dict[str, str]) -> int:
    """The number under which a set of event properties is kept; equal sets are kept once."""
    body = json.dumps(properties, ensure_ascii=False, sort_keys=True)
    row = store.one("SELECT id FROM event_properties WHERE body=?", body)
    if row is None:
        store.run("INSERT INTO event_properties (body) VALUES (?)", body)
        row = store.one("SELECT id FROM event_properties WHERE body=?", body)
    assert row is not None
    return int(row[0])


def add(store: Store, contact: int, kind: int, at: int, properties: dict[str, str]) -> int:
    """Record that something happened; answers the event's number."""
    number = store.next_id("events", 0)
    store.run("INSERT INTO events VALUES (?, ?, ?, ?, ?)", number, contact, kind, at, property_set(store, properties))
    return number


@router.get("/event-types")
async def event_types() -> dict[str, Any]:
    """Names of all types."""
    return {"eventTypes": list(KINDS)}


@router.get("")
@router.get("/")
async def list_events(request: Request, world: TheWorld) -> dict[str, Any]:
    """Occurrences of one record, or of all when no record is named; newest first unless sorted ascending."""
    if not world.settings.enterprise:
        raise Refused(403, "This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES")
    where, args = _filters(world, request)
    order, comparison = _order(request.query_params.get("sort", ""))
    after = request.query_params.get("after") or ""
    if after:
        at, _, number = after.partition("-")
        if not (at.isdecimal() and number.isdecimal()):
            raise Refused(400, f"Invalid after: {after}")
        where.append(f"(e.at, e.id) {comparison} (?, ?)")
        args += [int(at), int(number)]
    limit = mischief.page_size(world, request, whole(request.query_params.get("limit"), "limit", 20, PAGE))
    rows = world.store.rows(
        "SELECT e.id, e.object_id, e.kind, e.at, p.body FROM events e JOIN event_properties p ON p.id = e.properties"
        f" WHERE {' AND '.join(where)} ORDER BY e.at {order}, e.id {order} LIMIT ?",
        *args,
        limit + 1,
    )
    body: dict[str, Any] = {
        "results": [
            {
                "objectType": "CONTACT",
                "objectId": str(contact),
                "eventType": KINDS[kind],
                "occurredAt": clock.iso(at),
                "id": event_id(number),
                "properties": json.loads(text),
            }
            for number, contact, kind, at, text in rows[:limit]
        ]
    }
    if len(rows) > limit:
        token = f"{rows[limit - 1][3]}-{rows[limit - 1][0]}"
        body["paging"] = {"next": {"after": token, "link": f"{request.url.include_query_params(after=token)}"}}
    return mischief.page(world, request, body, after)


def _filters(world: World, request: Request) -> tuple[list[str], list[Any]]:
    query = request.query_params
    where, args = ["1"], []
    if query.get("objectType") and resolve(query["objectType"]) != CONTACT:
        where.append("0")
    given = query.get("objectId") or query.get("objectProperty.hs_object_id")
    if given:
        where.append("e.object_id=?")
        args.append(record_id(given))
    email = query.get("objectProperty.email")
    if email:
        known = world.store.by_key(CONTACT, email)
        where.append("e.object_id=?")
        args.append(known[0] if known else -1)
    if query.get("eventType"):
        where.append("e.kind=?")
        args.append(KINDS.index(query["eventType"]) if query["eventType"] in KINDS else -1)
    for name, comparison in (("occurredAfter", ">"), ("occurredBefore", "<")):
        if query.get(name):
            try:
                args.append(clock.parse(query[name].replace(" ", "+")))
            except ValueError:
                raise Refused(400, f"Invalid {name}: {query[name]} is not a date-time") from None
            where.append(f"e.at {comparison} ?")
    ids = [i.removeprefix(_PREFIX) for i in listed(request, "id")]
    if ids:
        where.append(f"e.id IN ({','.join('?' * len(ids))})")
        args += [int(i, 16) for i in ids]
    return where, args


def _order(sort: str) -> tuple[str, str]:
    if sort.upper() in ("", "DESCENDING", "-OCCURREDAT"):
        return "DESC", "<"
    if sort.upper() in ("ASCENDING", "OCCURREDAT"):
        return "ASC", ">"
    raise Refused(400, f"Invalid sort: {sort}")
