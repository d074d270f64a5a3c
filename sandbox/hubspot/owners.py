"""Owners; the archived ones only when asked for."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox import clock
from sandbox.hubspot import mischief
from sandbox.hubspot.definitions import BORN
from sandbox.hubspot.errors import not_found
from sandbox.hubspot.shapes import truth, whole
from sandbox.hubspot.staff import Member
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]


def shape(member: Member) -> dict[str, Any]:
    """An owner as HubSpot answers it; an archived one has no user id any more."""
    owner = member.owner
    return {
        "id": owner.id,
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": None if owner.archived else owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": BORN,
        "updatedAt": clock.iso(member.updated),
        "archived": owner.archived,
        "teams": [{"id": "301", "name": "Sales", "primary": True}],
    }


@router.get("")
@router.get("/")
async def list_owners(request: Request, world: TheWorld) -> dict[str, Any]:
    """One page of owners, by id."""
    query = request.query_params
    limit, after = whole(query.get("limit"), "limit", 100, 500), query.get("after", "")
    limit = mischief.page_size(world, request, limit)
    archived, email = truth(request, "archived"), query.get("email", "").lower()
    found = [
        member
        for member in world.staff.members()
        if member.owner.archived == archived and member.owner.id > after and email in ("", member.owner.email)
    ]
    body: dict[str, Any] = {"results": [shape(member) for member in found[:limit]]}
    if len(found) > limit:
        body["paging"] = {"next": {"after": found[limit - 1].owner.id}}
    return mischief.page(world, request, body, after)


@router.get("/{given}")
async def read_owner(given: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """One owner by id or by user id."""
    query = request.query_params
    archived = truth(request, "archived")
    for member in world.staff.members():
        value = str(member.owner.user_id) if query.get("idProperty") == "userId" else member.owner.id
        if value == given and member.owner.archived == archived:
            return shape(member)
    raise not_found()
