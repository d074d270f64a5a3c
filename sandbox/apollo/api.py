"""Apollo's enrichment endpoints."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from sandbox import clock
from sandbox.apollo import gate, matching, phones
from sandbox.apollo.delivery import deliver
from sandbox.apollo.matching import Trouble
from sandbox.world import World, world_of

router = APIRouter(prefix="/api/v1")
TheWorld = Annotated[World, Depends(world_of)]


@router.post("/people/match")
async def match(request: Request, world: TheWorld) -> Response:
    """One person; 200 with null when nobody matches. Arguments in the query, or in the body as many clients do."""
    refused, headers = gate.admit(world, request, "people/match")
    if refused:
        return refused
    details = dict(request.query_params) or await gate.body_of(request)
    if not details:
        return JSONResponse(gate.MISSING, 400, headers)
    if _wants_phone(details) and _callback(details) is None:
        return JSONResponse(gate.NO_WEBHOOK, 400, headers)
    if world.apollo.credits <= 0:
        return JSONResponse(gate.NO_CREDITS, 422, headers)
    found = matching.person(world, details, True, _trouble(world, request))
    request_id = _look_for_phones(world, details, [found])
    return await deliver(world.faults, request, {"person": found, "request_id": request_id}, headers)


@router.post("/people/bulk_match")
async def bulk_match(request: Request, world: TheWorld) -> Response:
    """Up to ten people; `matches` has one place per input, null where nobody matches."""
    refused, headers = gate.admit(world, request, "people/bulk_match")
    if refused:
        return refused
    flags, details = dict(request.query_params), (await gate.body_of(request)).get("details")
    if details and not (isinstance(details, list) and all(isinstance(item, dict) for item in details)):
        return JSONResponse(gate.MALFORMED, 422, headers)
    if not details:
        return JSONResponse(gate.MISSING, 400, headers)
    if len(details) > gate.MOST:
        return JSONResponse(gate.TOO_MANY, 400, headers)
    if _wants_phone(flags) and _callback(flags) is None:
        return JSONResponse(gate.NO_WEBHOOK, 400, headers)
    if world.apollo.credits < len(details):
        return JSONResponse(gate.NO_CREDITS, 422, headers)
    trouble = _trouble(world, request)
    matches = [matching.person(world, item, False, trouble) for item in details]
    found = [each for each in matches if each]
    body = {
        "status": "success",
        "error_code": None,
        "error_message": None,
        "total_requested_enrichments": len(details),
        "unique_enriched_records": len({each["id"] for each in found}),
        "missing_records": len(details) - len(found),
        "credits_consumed": float(len(found)),
        "matches": matches[: len(matches) - trouble.missing],
        "request_id": _look_for_phones(world, flags, matches),
    }
    return await deliver(world.faults, request, body, headers)


@router.get("/organizations/enrich")
async def enrich(request: Request, world: TheWorld) -> Response:
    """One organisation by domain; null when it is not known."""
    refused, headers = gate.admit(world, request, "organizations/enrich")
    if refused:
        return refused
    query = request.query_params
    domain = query.get("domain") or query.get("website")
    if not domain:
        return JSONResponse({"error": "Required parameter 'domain' missing"}, 422, headers)
    if world.apollo.credits <= 0:
        return JSONResponse(gate.NO_CREDITS, 422, headers)
    found = matching.organization(world, domain, _trouble(world, request))
    return await deliver(world.faults, request, {"organization": found}, headers)


@router.post("/organizations/bulk_enrich")
async def bulk_enrich(request: Request, world: TheWorld) -> Response:
    """Up to ten organisations."""
    refused, headers = gate.admit(world, request, "organizations/bulk_enrich")
    if refused:
        return refused
    domains = request.query_params.getlist("domains[]") or (await gate.body_of(request)).get("domains") or []
    if not isinstance(domains, list) or not domains:
        return JSONResponse({"error": "Required parameter 'domains' missing"}, 422, headers)
    if len(domains) > gate.MOST:
        return JSONResponse(gate.TOO_MANY, 400, headers)
    if world.apollo.credits < len(domains):
        return JSONResponse(gate.NO_CREDITS, 422, headers)
    trouble = _trouble(world, request)
    organizations = [matching.organization(world, str(domain), trouble) for domain in domains]
    found = [each for each in organizations if each]
    body = {
        "status": "success",
        "error_code": None,
        "error_message": None,
        "total_requested_domains": len(domains),
        "unique_domains": len(set(domains)),
        "unique_enriched_records": len({each["id"] for each in found}),
        "missing_records": len(domains) - len(found),
        "organizations": organizations[: len(organizations) - trouble.missing],
    }
    return await deliver(world.faults, request, body, headers)


@router.get("/webhook_result/{request_id}")
async def webhook_result(request_id: str, request: Request, world: TheWorld) -> Response:
    """What a search for phone numbers found; asked for by those whom the webhook did not reach."""
    refused, headers = gate.admit(world, request, "webhook_result")
    if refused:
        return refused
    if not request_id.removeprefix("-").isdecimal() or not -(2**63) <= int(request_id) < 2**63:
        return JSONResponse({"error": "Invalid request_id", "error_code": "invalid_request_id"}, 400, headers)
    status, body = world.apollo.phones.look(int(request_id), clock.now())
    return JSONResponse(body, status, headers)


@router.post("/usage_stats/credit_usage_stats")
async def credit_usage(request: Request, world: TheWorld) -> Response:
    """Credits consumed and left."""
    refused, headers = gate.admit(world, request, "usage_stats/credit_usage_stats")
    if refused:
        return refused
    used, left = world.apollo.consumed, world.apollo.credits
    lead = {"limit": used + left, "consumed": used, "left_over": left}
    return JSONResponse({"credit_usage_stats": {"lead_credit": lead}}, 200, headers)


@router.post("/usage_stats/api_usage_stats")
async def api_usage(request: Request, world: TheWorld) -> Response:
    """Limits and usage per endpoint."""
    refused, headers = gate.admit(world, request, "usage_stats/api_usage_stats")
    return refused or JSONResponse(world.apollo.usage(), 200, headers)


def _trouble(world: World, request: Request) -> Trouble:
    return Trouble.of(world.faults, request.method, request.url.path)


def _wants_phone(flags: dict[str, Any]) -> bool:
    return str(flags.get("reveal_phone_number", "")).lower() == "true"


def _callback(flags: dict[str, Any]) -> str | None:
    """Where phone numbers go: empty when the caller will ask for them, None when nothing usable was said."""
    if str(flags.get("poll_only", "")).lower() == "true":
        return ""
    url = str(flags.get("webhook_url") or "")
    return url if url.startswith(("http://", "https://")) else None


def _look_for_phones(world: World, flags: dict[str, Any], found: list[dict[str, Any] | None]) -> int:
    """Begin the search if it was asked for, and answer the request's id."""
    request_id = world.apollo.request_id()
    if _wants_phone(flags):
        people = [str(each["id"]) for each in found if each]
        world.apollo.charge(phones.CREDITS * len(people))
        world.apollo.phones.search(request_id, phones.numbers(people), _callback(flags) or "")
    return request_id
