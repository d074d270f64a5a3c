"""Apollo's enrichment endpoints."""

import hmac
import json
import zlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sandbox.apollo import shapes
from sandbox.company.people import organization_of, person_of
from sandbox.world import World, world_of

router = APIRouter(prefix="/api/v1")
TheWorld = Annotated[World, Depends(world_of)]
MOST = 10
_NO_KEY = "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."
_MISSING = {
    "status": "failed",
    "error_code": "INVALID_REQUEST",
    "error_message": "invalid request, missing details",
}
_NO_CREDITS = {"error": "You have insufficient credits to perform this action.", "error_code": "INSUFFICIENT_CREDITS"}


def _gate(world: World, request: Request, endpoint: str) -> tuple[Response | None, dict[str, str]]:
    given = request.headers.get("x-api-key", "")
    if not hmac.compare_digest(given.encode(), world.settings.apollo_key.encode()):
        return PlainTextResponse(_NO_KEY, 401), {}
    window, headers = world.apollo.take(endpoint)
    if window:
        cap = headers[f"x-rate-limit-{window}"]
        unit = {"minute": "minute", "hourly": "hour", "24-hour": "day"}[window]
        message = f"The maximum number of api calls allowed for api/v1/{endpoint} is {cap} times per {unit}."
        return JSONResponse({"message": f"{message} Please upgrade your plan."}, 429, headers), headers
    return None, headers


async def _body(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.body() or b"{}")
    except ValueError:
        value = {}
    return value if isinstance(value, dict) else {}


def _match(world: World, details: dict[str, Any], full: bool) -> dict[str, Any] | None:
    """A person by e-mail, or by name and domain; each answer that holds data costs one credit."""
    seed = world.settings.seed
    email, domain = str(details.get("email") or ""), str(details.get("domain") or "")
    if not email and domain and details.get("first_name") and details.get("last_name"):
        email = f"{details['first_name']}.{details['last_name']}@{domain}".lower().replace(" ", "")
    if "@" not in email:
        return None
    found = person_of(email, seed)
    if not found.in_apollo:
        return None
    world.apollo.charge()
    return shapes.person(found, organization_of(email.partition("@")[2], seed), full)


@router.post("/people/match")
async def match(request: Request, world: TheWorld) -> Response:
    """One person; 200 with null when nobody matches. Arguments in the query, or in the body as many clients do."""
    refused, headers = _gate(world, request, "people/match")
    if refused:
        return refused
    details = dict(request.query_params) or await _body(request)
    if not details:
        return JSONResponse(_MISSING, 400, headers)
    if world.apollo.credits <= 0:
        return JSONResponse(_NO_CREDITS, 422, headers)
    return JSONResponse({"person": _match(world, details, True), "request_id": _request_id(str(details))}, 200, headers)


@router.post("/people/bulk_match")
async def bulk_match(request: Request, world: TheWorld) -> Response:
    """Up to ten people; `matches` has one place per input, null where nobody matches."""
    refused, headers = _gate(world, request, "people/bulk_match")
    if refused:
        return refused
    details = (await _body(request)).get("details")
    if not isinstance(details, list) or not details:
        return JSONResponse(_MISSING, 400, headers)
    if len(details) > MOST:
        return JSONResponse(_too_many(), 400, headers)
    if world.apollo.credits < len(details):
        return JSONResponse(_NO_CREDITS, 422, headers)
    matches = [_match(world, item, False) if isinstance(item, dict) else None for item in details]
    found = sum(1 for m in matches if m)
    body = {
        "status": "success",
        "error_code": None,
        "error_message": None,
        "total_requested_enrichments": len(details),
        "unique_enriched_records": len({m["id"] for m in matches if m}),
        "missing_records": len(details) - found,
        "credits_consumed": float(found),
        "matches": matches,
        "request_id": _request_id(str(details)),
    }
    return JSONResponse(body, 200, headers)


def _organization(world: World, domain: str) -> dict[str, Any] | None:
    domain = domain.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").partition("/")[0]
    found = organization_of(domain, world.settings.seed)
    if found is None or not found.in_apollo:
        return None
    world.apollo.charge()
    return shapes.organization(found)


@router.get("/organizations/enrich")
async def enrich(request: Request, world: TheWorld) -> Response:
    """One organisation by domain; null when it is not known."""
    refused, headers = _gate(world, request, "organizations/enrich")
    if refused:
        return refused
    query = request.query_params
    domain = query.get("domain") or query.get("website")
    if not domain:
        return JSONResponse({"error": "Required parameter 'domain' missing"}, 422, headers)
    if world.apollo.credits <= 0:
        return JSONResponse(_NO_CREDITS, 422, headers)
    return JSONResponse({"organization": _organization(world, domain)}, 200, headers)


@router.post("/organizations/bulk_enrich")
async def bulk_enrich(request: Request, world: TheWorld) -> Response:
    """Up to ten organisations."""
    refused, headers = _gate(world, request, "organizations/bulk_enrich")
    if refused:
        return refused
    domains = request.query_params.getlist("domains[]") or (await _body(request)).get("domains") or []
    if not isinstance(domains, list) or not domains:
        return JSONResponse({"error": "Required parameter 'domains' missing"}, 422, headers)
    if len(domains) > MOST:
        return JSONResponse(_too_many(), 400, headers)
    if world.apollo.credits < len(domains):
        return JSONResponse(_NO_CREDITS, 422, headers)
    organizations = [_organization(world, str(domain)) for domain in domains]
    found = sum(1 for o in organizations if o)
    body = {
        "status": "success",
        "error_code": None,
        "error_message": None,
        "total_requested_domains": len(domains),
        "unique_domains": len(set(domains)),
        "unique_enriched_records": found,
        "missing_records": len(domains) - found,
        "organizations": organizations,
    }
    return JSONResponse(body, 200, headers)


@router.post("/usage_stats/credit_usage_stats")
async def credit_usage(request: Request, world: TheWorld) -> Response:
    """Credits consumed and left."""
    refused, headers = _gate(world, request, "usage_stats/credit_usage_stats")
    if refused:
        return refused
    used, left = world.apollo.consumed, world.apollo.credits
    lead = {"limit": used + left, "consumed": used, "left_over": left}
    return JSONResponse({"credit_usage_stats": {"lead_credit": lead}}, 200, headers)


@router.post("/usage_stats/api_usage_stats")
async def api_usage(request: Request, world: TheWorld) -> Response:
    """Limits and usage per endpoint."""
    refused, headers = _gate(world, request, "usage_stats/api_usage_stats")
    return refused or JSONResponse(world.apollo.usage(), 200, headers)


def _too_many() -> dict[str, Any]:
    message = f"cannot enrich more than {MOST} in a single request"
    return {"status": "failed", "error_code": "RECORD_LIMIT_EXCEEDED", "error_message": message}


def _request_id(text: str) -> int:
    """Signed 64 bits, often negative."""
    return (zlib.crc32(text.encode()) << 31) - 2**62
