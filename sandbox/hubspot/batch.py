"""Batches of up to 100 records: read, create, update, upsert, archive."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox import clock
from sandbox.hubspot import lifecycle, mischief, records
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.objects import create_from
from sandbox.hubspot.shapes import body_of, find, object_of, truth
from sandbox.hubspot.types import CONTACT, label, resolve
from sandbox.store import Record
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
MOST, MOST_WITH_HISTORY = 100, 50
Fault = dict[str, Any]


def _inputs(body: dict[str, Any], most: int = MOST) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise Refused(400, "Invalid input JSON: inputs must be a list of objects")
    if len(inputs) > most:
        raise Refused(400, f"The maximum number of inputs supported in a batch request is {most}, found {len(inputs)}")
    return inputs


def _answer(results: list[Any], began: int, errors: list[Fault], status: int = 200) -> Response:
    stamps = {"startedAt": clock.iso(began), "completedAt": clock.iso(clock.now())}
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, **stamps}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return JSONResponse(body, 207 if errors else status)


def absent(kind: str, ids: list[str], traces: list[str] | None = None) -> Fault:
    """The error of a 207 that names ids which did not come."""
    context = {"ids": ids} | ({"objectWriteTraceId": traces} if traces else {})
    message = f"Could not get some {label(kind)} objects, they may be deleted or not exist. Check that ids are valid."
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": context}


def _find(world: World, kind: str, given: object, id_property: str | None) -> Record | None:
    text = str(given)
    if not id_property and not text.isdecimal():
        return None
    return find(world, kind, text, id_property)


@router.post("/{name}/batch/read")
async def read(name: str, request: Request, world: TheWorld) -> Response:
    """Records by id or unique property; what is not found is named in a 207."""
    began, kind, body = clock.now(), resolve(name), await body_of(request)
    history = body.get("propertiesWithHistory") or []
    archived = truth(request, "archived")
    given = [str(item.get("id", "")) for item in _inputs(body, MOST_WITH_HISTORY if history else MOST)]
    given, left_out, named = mischief.inputs(world, request, given)
    results, missing = [], left_out if named else []
    for text in dict.fromkeys(given):
        record = _find(world, kind, text, body.get("idProperty"))
        if record is None or (record.archived_at is not None) != archived:
            missing.append(text)
        else:
            results.append(object_of(world, record, body.get("properties") or [], history))
    return _answer(mischief.order(world, request, results), began, [absent(kind, missing)] if missing else [])


@router.post("/{name}/batch/create")
async def create(name: str, request: Request, world: TheWorld) -> Response:
    """All or nothing, unless every input carries an `objectWriteTraceId`: then each stands for itself."""
    began, kind = clock.now(), resolve(name)
    inputs = _inputs(await body_of(request))
    traced = all(item.get("objectWriteTraceId") for item in inputs)
    if not traced:
        _precheck(world, kind, inputs)
    results, errors = [], []
    for item in inputs:
        try:
            record = create_from(world, kind, item)
        except Refused as refused:
            if not traced:
                raise
            context = {"objectWriteTraceId": [item["objectWriteTraceId"]]}
            errors.append(
                {"status": "error", "category": refused.category, "message": refused.message, "context": context}
            )
        else:
            trace = {"objectWriteTraceId": item["objectWriteTraceId"]} if item.get("objectWriteTraceId") else {}
            results.append(object_of(world, record, everything=True) | trace)
    return _answer(results, began, errors, 201)


def _precheck(world: World, kind: str, inputs: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for item in inputs:
        values = records.check(world, kind, item.get("properties", {}))
        email = values.get("email", "")
        if kind == CONTACT and email:
            known = world.store.by_key(kind, email)
            if known or email in seen:
                existing = known[0] if known else "0"
                raise Refused(409, f"Contact already exists. Existing ID: {existing}", "CONFLICT")
            seen.add(email)


@router.post("/{name}/batch/update")
async def update(name: str, request: Request, world: TheWorld) -> Response:
    """Change many; unknown ids are named in a 207, ids of merged records are left out without a word."""
    began, kind = clock.now(), resolve(name)
    inputs = _inputs(await body_of(request))
    checked = [records.check(world, kind, item.get("properties", {})) for item in inputs]
    if any(item.get("idProperty") for item in inputs) and kind == CONTACT:
        raise Refused(400, "Unable to perform update/upsert by non-unique 0-1 property")
    done, left_out, named = mischief.inputs(world, request, list(zip(inputs, checked, strict=True)))
    results, traces = [], []
    missing = [str(item.get("id", "")) for item, _ in left_out] if named else []
    for item, values in done:
        text = str(item.get("id", ""))
        found = world.store.read(kind, [int(text)]) if text.isdecimal() else []
        if found and found[0].archived_at is None:
            record = records.update(world, found[0], values)
            lifecycle.follow(world, record, values)
            results.append(object_of(world, record, values))
        elif not (text.isdecimal() and world.store.get(kind, int(text))):
            missing.append(text)
            traces += [item["objectWriteTraceId"]] if item.get("objectWriteTraceId") else []
    results = mischief.order(world, request, results)
    return _answer(results, began, [absent(kind, missing, traces)] if missing else [])


@router.post("/{name}/batch/upsert")
async def upsert(name: str, request: Request, world: TheWorld) -> Response:
    """Change what exists and create the rest; one bad input fails all."""
    began, kind = clock.now(), resolve(name)
    inputs = _inputs(await body_of(request))
    checked = [records.check(world, kind, item.get("properties", {})) for item in inputs]
    results = []
    for item, values in zip(inputs, checked, strict=True):
        id_property = item.get("idProperty")
        record = _find(world, kind, item.get("id", ""), id_property)
        new = record is None
        if record is None:
            if not id_property:
                raise Refused(400, "idProperty is required to create by upsert")
            record = create_from(world, kind, {"properties": {id_property: str(item.get("id", ""))} | values})
        else:
            record = records.update(world, record, values)
        results.append(object_of(world, record, values) | {"new": new})
    return _answer(results, began, [])


@router.post("/{name}/batch/archive", status_code=204)
async def archive(name: str, request: Request, world: TheWorld) -> Response:
    """Move many to the recycle bin."""
    kind = resolve(name)
    for item in _inputs(await body_of(request)):
        record = _find(world, kind, item.get("id", ""), None)
        if record is not None:
            records.archive(world, record)
    return Response(status_code=204)
