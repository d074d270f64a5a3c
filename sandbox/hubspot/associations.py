"""Associations over HTTP: batch read, create and archive, labels, and single pairs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox import clock
from sandbox.hubspot import mischief
from sandbox.hubspot.batch import absent
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.links import PRIMARY, connect, entries_of, unlink
from sandbox.hubspot.shapes import body_of, json_of, record_id
from sandbox.hubspot.types import association_types, resolve
from sandbox.world import World, world_of

batch = APIRouter()
single = APIRouter()
single_read = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
READ_INPUTS, WRITE_INPUTS = 1000, 2000


def _inputs(body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise Refused(400, "Invalid input JSON: inputs must be a list of objects")
    if len(inputs) > most:
        raise Refused(400, f"The maximum number of inputs supported in a batch request is {most}, found {len(inputs)}")
    return inputs


def _answer(results: list[Any], began: int, errors: list[dict[str, Any]] | None = None, status: int = 200) -> Response:
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": clock.iso(began),
        "completedAt": clock.iso(clock.now()),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return JSONResponse(body, 207 if errors else status)


@batch.post("/{from_name}/{to_name}/batch/read")
async def read_batch(from_name: str, to_name: str, request: Request, world: TheWorld) -> Response:
    """Associations of many records; those without any are missing from the results and named in the errors."""
    began, from_type, to_type = clock.now(), resolve(from_name), resolve(to_name)
    association_types(from_type, to_type)
    results, errors = [], []
    inputs, left_out, named = mischief.inputs(world, request, _inputs(await body_of(request), READ_INPUTS))
    if left_out and named:
        errors.append(absent(from_type, [str(item.get("id", "")) for item in left_out]))
    stuck = mischief.fault(world, request, "repeat_cursor")
    for item in inputs:
        after = str(item.get("after") or "0")
        from_id = record_id(item.get("id", ""))
        entries, more = entries_of(world, from_type, from_id, to_type, int(after) if after.isdecimal() else 0)
        if entries:
            result: dict[str, Any] = {"from": {"id": str(from_id)}, "to": entries}
            if stuck and after != "0":
                result["paging"] = {"next": {"after": after}}
            elif more:
                result["paging"] = {"next": {"after": str(more)}}
            results.append(result)
        else:
            errors.append(
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No {to_name} is associated with {from_name} {from_id}.",
                    "context": {"fromObjectId": [str(from_id)], "fromObjectType": [from_name]},
                }
            )
    return _answer(mischief.order(world, request, results), began, errors)


@batch.post("/{from_name}/{to_name}/batch/associate/default")
@batch.post("/{from_name}/{to_name}/batch/create")
async def create_batch(from_name: str, to_name: str, request: Request, world: TheWorld) -> Response:
    """Associate many pairs, with the types given or the plain one."""
    began, from_type, to_type = clock.now(), resolve(from_name), resolve(to_name)
    results = []
    for item in _inputs(await body_of(request), WRITE_INPUTS):
        pair = record_id(item.get("from", {}).get("id", "")), record_id(item.get("to", {}).get("id", ""))
        primary = any(int(t.get("associationTypeId", 0)) in PRIMARY for t in item.get("types") or [])
        results.append(connect(world, from_type, pair[0], to_type, pair[1], primary))
    return _answer(results, began, status=200 if request.url.path.endswith("default") else 201)


@batch.post("/{from_name}/{to_name}/batch/archive", status_code=204)
async def archive_batch(from_name: str, to_name: str, request: Request, world: TheWorld) -> Response:
    """Remove associations: each input names one record and those that it loses."""
    from_type, to_type = resolve(from_name), resolve(to_name)
    for item in _inputs(await body_of(request), WRITE_INPUTS):
        targets = item.get("to") or []
        for target in targets if isinstance(targets, list) else [targets]:
            unlink(world, from_type, record_id(item.get("from", {}).get("id", "")), to_type, record_id(target["id"]))
    return Response(status_code=204)


@batch.get("/{from_name}/{to_name}/labels")
async def labels(from_name: str, to_name: str) -> dict[str, Any]:
    """The types between two objects; this portal has no labels of its own."""
    plain, primary = association_types(resolve(from_name), resolve(to_name))
    found: list[dict[str, Any]] = [{"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None}]
    if primary:
        found.append({"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"})
    return {"results": found}


@single.put("/{from_name}/{from_given}/associations/default/{to_name}/{to_given}")
async def put_default(from_name: str, from_given: str, to_name: str, to_given: str, world: TheWorld) -> Response:
    """Associate one pair with the plain type."""
    ids = record_id(from_given), record_id(to_given)
    began = clock.now()
    return _answer([connect(world, resolve(from_name), ids[0], resolve(to_name), ids[1], False)], began)


@single.put("/{from_name}/{from_given}/associations/{to_name}/{to_given}", status_code=201)
async def put_typed(
    from_name: str, from_given: str, to_name: str, to_given: str, request: Request, world: TheWorld
) -> dict[str, Any]:
    """Associate one pair with the types of the body, a list."""
    types = await json_of(request)
    if not isinstance(types, list) or not all(isinstance(t, dict) for t in types):
        raise Refused(400, "Invalid input JSON: the body must be a list of association types")
    from_id, to_id = record_id(from_given), record_id(to_given)
    primary = any(int(t.get("associationTypeId", 0)) in PRIMARY for t in types)
    connect(world, resolve(from_name), from_id, resolve(to_name), to_id, primary)
    return {
        "fromObjectTypeId": resolve(from_name),
        "fromObjectId": str(from_id),
        "toObjectTypeId": resolve(to_name),
        "toObjectId": str(to_id),
        "labels": ["Primary"] if primary else [],
    }


@single.delete("/{from_name}/{from_given}/associations/{to_name}/{to_given}", status_code=204)
async def delete_pair(from_name: str, from_given: str, to_name: str, to_given: str, world: TheWorld) -> Response:
    """Remove every association of one pair."""
    unlink(world, resolve(from_name), record_id(from_given), resolve(to_name), record_id(to_given))
    return Response(status_code=204)


@single_read.get("/{from_name}/{from_given}/associations/{to_name}")
async def read_single(
    from_name: str, from_given: str, to_name: str, world: TheWorld, after: str = "0"
) -> dict[str, Any]:
    """Associations of one record; the newest generation of paths no longer has this one."""
    start = int(after) if after.isdecimal() else 0
    entries, more = entries_of(world, resolve(from_name), record_id(from_given), resolve(to_name), start)
    return {"results": entries} | ({"paging": {"next": {"after": str(more)}}} if more else {})
