"""Single records: list, read, create, change, archive, merge, erase."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.hubspot import engagements, lifecycle, links, merging, mischief, records
from sandbox.hubspot.errors import Refused, not_found
from sandbox.hubspot.shapes import body_of, find, listed, object_of, record_id, truth, whole
from sandbox.hubspot.types import CONTACT, resolve
from sandbox.store import Record
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]


@router.get("/{name}")
async def list_records(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """One page in ascending order of ids; live records, or archived ones only."""
    kind = resolve(name)
    history = listed(request, "propertiesWithHistory")
    limit = whole(request.query_params.get("limit"), "limit", 10, 50 if history else 100)
    limit = mischief.page_size(world, request, limit)
    after = request.query_params.get("after") or "0"
    if not after.isdecimal():
        raise Refused(400, f"Invalid input: after must be a record id, got {after}")
    archived = truth(request, "archived")
    ids = [
        row[0]
        for row in world.store.rows(
            "SELECT id FROM objects WHERE type=? AND id>? AND archived=? ORDER BY id LIMIT ?",
            kind,
            int(after),
            int(archived),
            limit + 1,
        )
    ]
    properties = listed(request, "properties")
    wanted = [resolve(other) for other in listed(request, "associations")]
    page = world.store.read(kind, ids[:limit])
    body: dict[str, Any] = {"results": [object_of(world, r, properties, history, wanted) for r in page]}
    if len(ids) > limit:
        last = str(ids[limit - 1])
        body["paging"] = {"next": {"after": last, "link": f"{request.url.include_query_params(after=last)}"}}
    return mischief.page(world, request, body, after.lstrip("0"))


@router.get("/{name}/{given}")
async def read_record(name: str, given: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """One record; the id of a merged record answers with its successor."""
    query = request.query_params
    record = find(world, resolve(name), given, query.get("idProperty"))
    if record is None or (record.archived_at is not None) != truth(request, "archived"):
        raise not_found()
    wanted = [resolve(other) for other in listed(request, "associations")]
    return object_of(world, record, listed(request, "properties"), listed(request, "propertiesWithHistory"), wanted)


@router.post("/{name}", status_code=201)
async def create_record(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Create, with associations if given."""
    record = create_from(world, resolve(name), await body_of(request))
    return object_of(world, record, everything=True)


@router.patch("/{name}/{given}")
async def patch_record(name: str, given: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Change; nothing is written when one value is invalid."""
    kind, body = resolve(name), await body_of(request)
    record = find(world, kind, given, request.query_params.get("idProperty"))
    if record is None or record.archived_at is not None:
        raise not_found()
    values = records.check(world, kind, body.get("properties"))
    record = records.update(world, record, values)
    lifecycle.follow(world, record, values)
    return object_of(world, record, values)


@router.delete("/{name}/{given}", status_code=204)
async def archive_record(name: str, given: str, world: TheWorld) -> Response:
    """Move to the recycle bin; an id that is unknown or already there is no error."""
    record = world.store.get(resolve(name), record_id(given))
    if record is not None:
        records.archive(world, record)
    return Response(status_code=204)


@router.post("/{name}/merge")
async def merge_records(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Two records become a third with a new id."""
    kind, body = resolve(name), await body_of(request)
    pair: list[Record] = []
    for key in ("primaryObjectId", "objectIdToMerge"):
        record = world.store.get(kind, record_id(body.get(key, "")))
        if record is None or record.archived_at is not None:
            raise not_found()
        pair.append(record)
    if pair[0].id == pair[1].id:
        raise Refused(400, "Cannot merge an object with itself")
    return object_of(world, merging.merge(world, pair[0], pair[1]), everything=True)


@router.post("/{name}/gdpr-delete", status_code=204)
async def erase_record(name: str, request: Request, world: TheWorld) -> Response:
    """Erase a contact for good."""
    kind, body = resolve(name), await body_of(request)
    if kind != CONTACT:
        raise Refused(400, "Only contacts can be deleted for privacy")
    record = find(world, kind, str(body.get("objectId", "")), body.get("idProperty"))
    if record is not None:
        merging.erase(world, record)
    return Response(status_code=204)


def create_from(world: World, kind: str, body: dict[str, Any]) -> Record:
    """Create one record from an API body `{properties, associations?}`."""
    values = records.check(world, kind, body.get("properties", {}))
    wanted = [
        (target["to"]["id"], target.get("types") or []) for target in body.get("associations") or [] if "to" in target
    ]
    record = records.create(world, kind, values)
    for to_id, types in wanted:
        for given in types:
            links.link_by_type(world, record, record_id(to_id), int(given["associationTypeId"]))
    if kind == CONTACT:
        links.join_company(world, record)
    engagements.reflect(world, record)
    lifecycle.follow(world, record, values)
    return record
