"""Control of HubSpot's side of the sandbox: index, bulk changes, properties, owners, scopes."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox import clock
from sandbox.company.reference import Owner
from sandbox.hubspot import bulk, users
from sandbox.hubspot.definitions import TYPES, options
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.owners import shape
from sandbox.hubspot.shapes import body_of
from sandbox.hubspot.types import resolve
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
_NAMES = ("first_name", "last_name", "email", "slack_id", "time_zone")


@router.get("/index")
async def index(world: TheWorld) -> dict[str, Any]:
    """How long search lags, and behind how many records it is."""
    return {"delay_seconds": list(world.index.delay), "lagging": world.index.lagging()}


@router.post("/index")
async def set_index(request: Request, world: TheWorld) -> dict[str, Any]:
    """Let search see writes `delay_seconds` later, two numbers: the least and the most; `catch_up` ends all lags."""
    body = await body_of(request)
    given = body.get("delay_seconds", world.index.delay)
    try:
        low, high = (float(seconds) for seconds in given or ())
    except (TypeError, ValueError) as error:
        raise Refused(400, f"delay_seconds must be two numbers, got {given!r}") from error
    if not 0 <= low <= high:
        raise Refused(400, f"delay_seconds must be the least and the most, got {given!r}")
    world.index.delay = low, high
    if body.get("catch_up"):
        world.index.catch_up()
    return await index(world)


@router.post("/bulk")
async def set_many(request: Request, world: TheWorld) -> dict[str, Any]:
    """One property of many records; see `sandbox.hubspot.bulk.change`."""
    return bulk.change(world, await body_of(request))


@router.post("/property")
async def change_property(request: Request, world: TheWorld) -> dict[str, Any]:
    """Change a property of `object` by `name`, HubSpot's own too: `remove` it, give a `type` or an `add_option`, or
    take an option by `remove_option`."""
    given = await body_of(request)
    kind = resolve(str(given.get("object") or "contacts"))
    body = dict(world.catalogue.get(kind, str(given.get("name", ""))).body)
    if given.get("remove"):
        body |= {"archived": True, "archivedAt": clock.iso(clock.now())}
    if "type" in given:
        if given["type"] not in TYPES:
            raise Refused(400, f"type {given['type']!r} is not one of {', '.join(TYPES)}")
        body["type"] = given["type"]
    if "add_option" in given:
        added = options([str(given["add_option"])])[0] | {"displayOrder": len(body["options"])}
        body["options"] = [*body["options"], added]
    if "remove_option" in given:
        body["options"] = [each for each in body["options"] if each["value"] != given["remove_option"]]
    return world.catalogue.save(kind, body | {"updatedAt": clock.iso(clock.now())}).body


@router.get("/owners")
async def owners(world: TheWorld) -> dict[str, Any]:
    """Every owner, archived ones included."""
    return {"owners": [shape(member) for member in world.staff.members()]}


@router.post("/owners")
async def set_owner(request: Request, world: TheWorld) -> dict[str, Any]:
    """Add or change the owner `id`: `archived`, or first_name, last_name, email, slack_id, time_zone."""
    given = await body_of(request)
    owner_id = str(given.get("id", ""))
    if not owner_id.isdecimal():
        raise Refused(400, f"id must be an owner's id, a number, got {owner_id!r}")
    known = world.staff.get(owner_id)
    names: dict[str, Any] = {name: str(given[name]) for name in _NAMES if name in given}
    if known is None:
        if missing := [name for name in ("first_name", "last_name", "email") if name not in names]:
            raise Refused(400, f"a new owner needs {', '.join(missing)}")
        names = {"slack_id": "", "time_zone": "America/New_York"} | names
        known = Owner(id=owner_id, user_id=2_000_000 + int(owner_id), **names)
    owner = replace(known, **names, archived=bool(given.get("archived", known.archived)))
    world.staff.save(owner)
    users.keep_in_step(world, owner)
    return next(shape(member) for member in world.staff.members() if member.owner.id == owner_id)


@router.get("/scopes")
async def scopes(world: TheWorld) -> dict[str, Any]:
    """HubSpot's scopes that the app was not granted."""
    return {"missing": sorted(world.missing_scopes)}


@router.post("/scopes")
async def set_scopes(request: Request, world: TheWorld) -> dict[str, Any]:
    """Take the scopes in `missing` away, and grant all others."""
    world.missing_scopes = {str(scope) for scope in (await body_of(request)).get("missing") or []}
    return await scopes(world)
