"""Owners; the archived ones only when asked for."""

from typing import Any

from fastapi import APIRouter, Request

from sandbox.company.reference import OWNERS, Owner
from sandbox.hubspot.definitions import BORN
from sandbox.hubspot.errors import not_found
from sandbox.hubspot.shapes import truth, whole

router = APIRouter()


def shape(owner: Owner) -> dict[str, Any]:
    """An owner as HubSpot answers it; an archived one has no user id any more."""
    return {
        "id": owner.id,
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": None if owner.archived else owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": BORN,
        "updatedAt": BORN,
        "archived": owner.archived,
        "teams": [{"id": "301", "name": "Sales", "primary": True}],
    }


@router.get("")
@router.get("/")
async def list_owners(request: Request) -> dict[str, Any]:
    """One page of owners, by id."""
    query = request.query_params
    limit, after = whole(query.get("limit"), "limit", 100, 500), query.get("after", "")
    archived, email = truth(request, "archived"), query.get("email", "").lower()
    found = [o for o in OWNERS if o.archived == archived and o.id > after and email in ("", o.email)]
    body: dict[str, Any] = {"results": [shape(owner) for owner in found[:limit]]}
    if len(found) > limit:
        body["paging"] = {"next": {"after": found[limit - 1].id}}
    return body


@router.get("/{given}")
async def read_owner(given: str, request: Request) -> dict[str, Any]:
    """One owner by id or by user id."""
    query = request.query_params
    archived = truth(request, "archived")
    for owner in OWNERS:
        value = str(owner.user_id) if query.get("idProperty") == "userId" else owner.id
        if value == given and owner.archived == archived:
            return shape(owner)
    raise not_found()
