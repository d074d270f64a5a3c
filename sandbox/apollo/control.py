"""Control of the Apollo team: its credits, what its key opens, and how phone numbers come."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox.hubspot.errors import Refused
from sandbox.world import World, world_of

router = APIRouter(prefix="/_sandbox/apollo")
TheWorld = Annotated[World, Depends(world_of)]
_FIELDS = ("credits", "inaccessible", "delay_seconds", "copies", "age_days")


@router.get("/account")
async def account(world: TheWorld) -> dict[str, Any]:
    """Credits, closed endpoints, and what became of the webhooks with phone numbers."""
    team = world.apollo
    return {
        "credits": team.credits,
        "consumed": team.consumed,
        "inaccessible": sorted(team.inaccessible),
        "delaySeconds": team.phones.delay_seconds,
        "copies": team.phones.copies,
        "delivered": team.phones.delivered,
        "failed": team.phones.failed,
        "lastError": team.phones.last_error,
    }


@router.post("/account")
async def set_account(request: Request, world: TheWorld) -> dict[str, Any]:
    """Set `credits`, the `inaccessible` endpoints, the `delay_seconds` and `copies` of webhooks; `age_days` makes every
    result so much older."""
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise Refused(400, f"the body must be JSON: {error}") from error
    if not isinstance(given, dict) or set(given) - set(_FIELDS):
        raise Refused(400, f"give {', '.join(_FIELDS)}")
    team = world.apollo
    team.credits = int(given.get("credits", team.credits))
    team.inaccessible = {str(endpoint) for endpoint in given.get("inaccessible", team.inaccessible)}
    team.phones.delay_seconds = float(given.get("delay_seconds", team.phones.delay_seconds))
    team.phones.copies = int(given.get("copies", team.phones.copies))
    team.phones.age(float(given.get("age_days", 0)))
    return await account(world)
