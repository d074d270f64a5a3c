"""Property definitions and groups over HTTP."""

import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox import clock
from sandbox.hubspot.definitions import TYPES, options
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.shapes import body_of, truth
from sandbox.hubspot.types import resolve
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@router.get("/{name}")
async def list_properties(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """All live properties, or the archived ones."""
    kind = resolve(name)
    if truth(request, "archived"):
        return {"results": [d.body for d in world.catalogue.archived(kind)]}
    return {"results": [d.body for d in world.catalogue.of(kind).values()]}


@router.post("/{name}", status_code=201)
async def create_property(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Define a custom property; 409 when the name is taken."""
    kind, body = resolve(name), await body_of(request)
    return _create(world, kind, body)


@router.post("/{name}/batch/create", status_code=201)
async def create_properties(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Define several custom properties."""
    kind, body, began = resolve(name), await body_of(request), clock.iso(clock.now())
    results = [_create(world, kind, item) for item in body.get("inputs") or []]
    return {"status": "COMPLETE", "results": results, "startedAt": began, "completedAt": clock.iso(clock.now())}


@router.post("/{name}/batch/read")
async def read_properties(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Several properties by name; unknown ones are left out."""
    kind, body, began = resolve(name), await body_of(request), clock.iso(clock.now())
    wanted = [str(item.get("name", "")) for item in body.get("inputs") or []]
    results = [world.catalogue.of(kind)[n].body for n in wanted if n in world.catalogue.of(kind)]
    return {"status": "COMPLETE", "results": results, "startedAt": began, "completedAt": clock.iso(clock.now())}


@router.get("/{name}/groups")
async def list_groups(name: str, world: TheWorld) -> dict[str, Any]:
    """HubSpot's groups and the portal's own."""
    return {"results": list(_groups(world, resolve(name)).values())}


@router.post("/{name}/groups", status_code=201)
async def create_group(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Define a group; 409 when the name is taken."""
    kind, body = resolve(name), await body_of(request)
    group = str(body.get("name", ""))
    if not _NAME.fullmatch(group) or not body.get("label"):
        raise Refused(400, "Invalid input: a property group needs a name of lower-case letters and a label")
    if group in _groups(world, kind):
        raise Refused(409, f"A property group named '{group}' already exists.", "OBJECT_ALREADY_EXISTS")
    made = {"name": group, "label": body["label"], "displayOrder": body.get("displayOrder", -1), "archived": False}
    world.store.run("INSERT INTO groups VALUES (?, ?, ?)", kind, group, json.dumps(made))
    return made


@router.get("/{name}/groups/{group}")
async def read_group(name: str, group: str, world: TheWorld) -> dict[str, Any]:
    """One group."""
    found = _groups(world, resolve(name)).get(group)
    if found is None:
        raise Refused(404, f"Property group {group} does not exist", "OBJECT_NOT_FOUND")
    return found


@router.get("/{name}/{given}")
async def read_property(name: str, given: str, world: TheWorld) -> dict[str, Any]:
    """One live property."""
    return world.catalogue.get(resolve(name), given).body


@router.patch("/{name}/{given}")
async def patch_property(name: str, given: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Change label, options, type or place of a custom property; of HubSpot's own, the options only."""
    kind, body = resolve(name), await body_of(request)
    before = world.catalogue.get(kind, given)
    allowed = {"label", "description", "groupName", "type", "fieldType", "options", "displayOrder", "hidden"}
    if before.body["hubspotDefined"] and (before.read_only or set(body) - {"options", "label"}):
        raise Refused(400, f"Property {given} is defined by HubSpot and cannot be changed")
    changes = {key: value for key, value in body.items() if key in allowed}
    return world.catalogue.save(kind, before.body | changes | {"updatedAt": clock.iso(clock.now())}).body


@router.delete("/{name}/{given}", status_code=204)
async def archive_property(name: str, given: str, world: TheWorld) -> Response:
    """Archive a custom property."""
    kind = resolve(name)
    before = world.catalogue.get(kind, given)
    if before.body["hubspotDefined"]:
        raise Refused(400, f"Property {given} is defined by HubSpot and cannot be archived")
    world.catalogue.save(kind, before.body | {"archived": True, "archivedAt": clock.iso(clock.now())})
    return Response(status_code=204)


def _groups(world: World, kind: str) -> dict[str, dict[str, Any]]:
    names = dict.fromkeys(d.body["groupName"] for d in world.catalogue.of(kind).values() if d.body["hubspotDefined"])
    found = {n: {"name": n, "label": n.capitalize(), "displayOrder": -1, "archived": False} for n in names}
    own = world.store.rows("SELECT name, body FROM groups WHERE type=?", kind)
    return found | {name: json.loads(body) for name, body in own}


def _create(world: World, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    name = str(body.get("name", ""))
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
    if missing:
        raise Refused(400, f"Invalid input JSON: some required fields were not set: [{', '.join(missing)}]")
    if not _NAME.fullmatch(name):
        raise Refused(400, f"Property name {name!r} is invalid: give lower-case letters, digits and underscores")
    if body["type"] not in TYPES:
        raise Refused(400, f"Invalid input JSON: type {body['type']!r} is not one of {', '.join(TYPES)}")
    if name in world.catalogue.of(kind):
        raise Refused(409, f"A property named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")
    if body["groupName"] not in _groups(world, kind):
        raise Refused(400, f"Property group {body['groupName']} does not exist", "VALIDATION_ERROR")
    given = body.get("options") or []
    if body["type"] == "enumeration" and not given and body.get("referencedObjectType") != "OWNER":
        raise Refused(400, f"Property {name} is an enumeration and needs options")
    if body["type"] == "bool" and not given:
        given = options(["true", "false"])
    stamp = clock.iso(clock.now())
    return world.catalogue.save(
        kind,
        {
            "updatedAt": stamp,
            "createdAt": stamp,
            "name": name,
            "label": body["label"],
            "type": body["type"],
            "fieldType": body["fieldType"],
            "description": body.get("description", ""),
            "groupName": body["groupName"],
            "options": [{"hidden": False, "displayOrder": place} | option for place, option in enumerate(given)],
            "displayOrder": body.get("displayOrder", -1),
            "calculated": False,
            "externalOptions": body.get("referencedObjectType") == "OWNER",
            "archived": False,
            "hasUniqueValue": bool(body.get("hasUniqueValue", False)),
            "hidden": bool(body.get("hidden", False)),
            "hubspotDefined": False,
            "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
            "formField": bool(body.get("formField", False)),
            **({"referencedObjectType": body["referencedObjectType"]} if body.get("referencedObjectType") else {}),
        },
    ).body
