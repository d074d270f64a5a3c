"""Marketing campaigns: a page of them, and one by its guid."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox.company.reference import CAMPAIGNS
from sandbox.hubspot import mischief
from sandbox.hubspot.definitions import BORN
from sandbox.hubspot.errors import not_found
from sandbox.hubspot.shapes import listed, whole
from sandbox.world import World, world_of

router = APIRouter()
GUIDS = {f"ca000000-0000-4000-8000-{number:012d}": name for number, name in enumerate(CAMPAIGNS, start=1)}
"""Names by guid."""


@router.get("")
@router.get("/")
async def list_campaigns(request: Request, world: Annotated[World, Depends(world_of)]) -> dict[str, Any]:
    """One page, by guid; `name` finds those whose name holds it."""
    query = request.query_params
    limit, after = whole(query.get("limit"), "limit", 50, 100), query.get("after", "")
    limit = mischief.page_size(world, request, limit)
    named = [guid for guid, name in GUIDS.items() if query.get("name", "").lower() in name.lower()]
    found = [guid for guid in named if guid > after]
    body: dict[str, Any] = {
        "total": len(named),
        "results": [shape(guid, listed(request, "properties")) for guid in found[:limit]],
    }
    if len(found) > limit:
        body["paging"] = {"next": {"after": found[limit - 1]}}
    return mischief.page(world, request, body, after)


@router.get("/{guid}")
async def read_campaign(guid: str, request: Request) -> dict[str, Any]:
    """One campaign; this portal ties no assets to them."""
    if guid not in GUIDS:
        raise not_found()
    return shape(guid, listed(request, "properties")) | {"assets": {}}


def shape(guid: str, properties: list[str]) -> dict[str, Any]:
    """A campaign with the properties asked for; without any asked for, none."""
    known = {
        "hs_name": GUIDS[guid],
        "hs_campaign_status": "in_progress",
        "hs_start_date": BORN[:10],
        "hs_utm": GUIDS[guid].lower().replace(" ", "-"),
        "hs_object_id": str(int(guid[-12:])),
    }
    return {
        "id": guid,
        "properties": {name: known[name] for name in properties if name in known},
        "createdAt": BORN,
        "updatedAt": BORN,
        "businessUnits": [{"id": "0"}],
    }
