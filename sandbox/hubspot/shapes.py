"""Requests read and answers written in HubSpot's shapes."""

import json
from collections.abc import Iterable
from typing import Any

from fastapi import Request

from sandbox import clock
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.types import CONTACT, PLURALS, created_name, default_properties, modified_name
from sandbox.store import Record
from sandbox.world import World

HISTORY_KEPT = 20
"""Versions kept per property."""
EMBEDDED = 500
"""Associations embedded in a read, at the most."""


async def json_of(request: Request) -> Any:
    """The request's JSON.

    Raises:
        Refused: 400, it is none.
    """
    try:
        return json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise Refused(400, f"Invalid input JSON on line 1, column 1: {error}") from error


async def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        Refused: 400, it is none.
    """
    value = await json_of(request)
    if not isinstance(value, dict):
        raise Refused(400, "Invalid input JSON on line 1, column 1: Cannot deserialize value of type object")
    return value


def listed(request: Request, name: str) -> list[str]:
    """A query parameter that repeats or is comma-separated."""
    return [part.strip() for text in request.query_params.getlist(name) for part in text.split(",") if part.strip()]


def truth(request: Request, name: str) -> bool:
    """A query parameter that is `true`, in whatever case."""
    return request.query_params.get(name, "").lower() == "true"


def whole(text: str | None, name: str, default: int, top: int, low: int = 1) -> int:
    """A page size from a query.

    Raises:
        Refused: 400, out of range or no number.
    """
    if text is None or text == "":
        return default
    if not text.isdecimal() or not low <= int(text) <= top:
        raise Refused(400, f"Invalid input: {name} must be between {low} and {top}, got {text}")
    return int(text)


def record_id(value: object) -> int:
    """A record id from a path or body.

    Raises:
        Refused: 404, it is no number that an id can be.
    """
    text = str(value)
    if not text.isdecimal() or int(text) > 2**63 - 1:
        raise Refused(404, "resource not found", "OBJECT_NOT_FOUND")
    return int(text)


def value_of(record: Record, name: str) -> str | None:
    """One property, those included that are kept beside the rest."""
    if name == "hs_object_id":
        return str(record.id)
    if name == created_name(record.type):
        return clock.iso(record.created)
    if name == modified_name(record.type):
        return clock.iso(record.modified)
    return record.properties.get(name)


def object_of(
    world: World,
    record: Record,
    properties: Iterable[str] = (),
    history: Iterable[str] = (),
    associations: Iterable[str] = (),
    everything: bool = False,
) -> dict[str, Any]:
    """A record as HubSpot answers it: null for unset, nothing for undefined properties."""
    defined = world.catalogue.of(record.type)
    asked = list(properties)
    always = ("hs_object_id", created_name(record.type), modified_name(record.type))
    names = dict.fromkeys((*(asked or default_properties(record.type)), *always))
    if everything:
        names |= dict.fromkeys(record.properties)
    body: dict[str, Any] = {
        "id": str(record.id),
        "properties": {name: value_of(record, name) for name in names if name in defined},
        "createdAt": clock.iso(record.created),
        "updatedAt": clock.iso(record.modified),
        "archived": record.archived_at is not None,
    }
    if record.archived_at is not None:
        body["archivedAt"] = clock.iso(record.archived_at)
    versions = {name: _versions(world, record, name) for name in history if name in defined}
    if versions:
        body["propertiesWithHistory"] = versions
    embedded = {PLURALS[kind]: found for kind in associations if (found := embedded_of(world, record, kind))["results"]}
    if embedded:
        body["associations"] = embedded
    body["url"] = f"https://app.hubspot.com/contacts/4242424/record/{record.type}/{record.id}"
    return body


def embedded_of(world: World, record: Record, to_type: str) -> dict[str, Any]:
    """Associated ids: one entry per label, so an id with two labels comes twice; 500 entries, and where to go on."""
    rows = world.store.rows(
        "SELECT to_id, type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? ORDER BY to_id, type_id"
        " LIMIT ?",
        record.type,
        record.id,
        to_type,
        EMBEDDED + 1,
    )
    more, rows = len(rows) > EMBEDDED, rows[:EMBEDDED]
    names = f"{PLURALS[record.type][:-1]}_to_{PLURALS[to_type][:-1]}".replace("companie", "company")
    body: dict[str, Any] = {
        "results": [{"id": str(i), "type": names if t > 6 else f"{names}_primary"} for i, t in rows]
    }
    if more:
        after = str(rows[-1][0])
        link = f"https://api.hubapi.com/crm/v4/objects/{record.type}/{record.id}/associations/{PLURALS[to_type]}"
        body["paging"] = {"next": {"after": after, "link": f"{link}?after={after}"}}
    return body


def _versions(world: World, record: Record, name: str) -> list[dict[str, Any]]:
    rows = world.store.rows(
        "SELECT value, at, source, source_id FROM history WHERE type=? AND id=? AND name=? ORDER BY at DESC, rowid DESC"
        " LIMIT ?",
        record.type,
        record.id,
        name,
        HISTORY_KEPT,
    )
    if not rows:
        value = value_of(record, name)
        source = record.properties.get("hs_object_source", "CRM_UI")
        rows = [] if value is None else [(value, record.created, source, None)]
    return [
        {"value": value, "timestamp": clock.iso(at), "sourceType": source, **({"sourceId": i} if i else {})}
        for value, at, source, i in rows
    ]


def find(world: World, kind: str, given: str, id_property: str | None) -> Record | None:
    """A live or archived record by id, or by a unique property's value."""
    if not id_property or id_property == "hs_object_id":
        return world.store.get(kind, record_id(given))
    definition = world.catalogue.of(kind).get(id_property)
    if definition is None or not definition.unique:
        raise Refused(400, f"Property {id_property} of {kind} is not a unique identifier")
    key = given if kind == CONTACT and id_property == "email" else f"{id_property}={given}"
    ids = world.store.by_key(kind, key)
    return world.store.get(kind, ids[0]) if ids else None
