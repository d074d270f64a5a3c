"""What every call passes before anything is looked up: the key, what it opens, the windows; and Apollo's refusals."""

import hmac
import json
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sandbox.world import World

_NO_KEY = "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."
MISSING = {"status": "failed", "error_code": "INVALID_REQUEST", "error_message": "invalid request, missing details"}
NO_CREDITS = {"error": "You have insufficient credits to perform this action.", "error_code": "INSUFFICIENT_CREDITS"}
MALFORMED = {
    "status": "failed",
    "error_code": "UNKNOWN_ERROR",
    "error_message": "no implicit conversion of Symbol into Integer",
}
NO_WEBHOOK = {"error": "Please add a valid 'webhook_url' parameter when using 'reveal_phone_number'"}
MOST = 10
TOO_MANY = {
    "status": "failed",
    "error_code": "RECORD_LIMIT_EXCEEDED",
    "error_message": f"cannot enrich more than {MOST} in a single request",
}


def admit(world: World, request: Request, endpoint: str) -> tuple[Response | None, dict[str, str]]:
    """A refusal or none, and the headers that tell what is left of the windows; a 401 and a 403 carry none."""
    given = request.headers.get("x-api-key", "")
    if not hmac.compare_digest(given.encode(), world.settings.apollo_key.encode()):
        return PlainTextResponse(_NO_KEY, 401), {}
    if endpoint in world.apollo.inaccessible:
        message = f"api/v1/{endpoint} is not accessible with this api_key"
        return JSONResponse({"error": message, "error_code": "API_INACCESSIBLE"}, 403), {}
    window, headers = world.apollo.take(endpoint)
    if window:
        cap = headers[f"x-rate-limit-{window}"]
        unit = {"minute": "minute", "hourly": "hour", "24-hour": "day"}[window]
        message = f"The maximum number of api calls allowed for api/v1/{endpoint} is {cap} times per {unit}."
        return JSONResponse({"message": f"{message} Please upgrade your plan."}, 429, headers), headers
    return None, headers


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; empty when there is none."""
    try:
        value = json.loads(await request.body() or b"{}")
    except ValueError:
        value = {}
    return value if isinstance(value, dict) else {}
