"""Whether the line lives, for machines: without a login only what is wrong by name, with a token the numbers."""

import hmac
import os
import time

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from handoff.vitals import facts, metrics, troubles
from handoff.vitals.facts import Facts
from handoff.web.door import in_thread
from handoff.web.places import Refused

HEALTH_PATH, METRICS_PATH = "/health", "/metrics"
TOKEN = "HANDOFF_METRICS_TOKEN"
"""Variable with the bearer token of `/handoff/metrics`; without it that is closed."""
FRESH_S = 5.0
"""Whoever asks, and however often, the ledger is looked at once in this time."""

router = APIRouter()
_seen: list[tuple[float, Facts | None]] = []


@router.get(HEALTH_PATH)
async def health() -> Response:
    """`{"status": "ok" | "degraded" | "down", "wrong": [ids]}`, with 503 for down; nothing about the company."""
    found = troubles.of(await _facts(), troubles.limits())
    state = troubles.state(found)
    body = {"status": state, "wrong": [each.id for each in found]}
    return JSONResponse(body, 503 if state == "down" else 200, headers={"Cache-Control": "no-store"})


@router.get(METRICS_PATH)
async def prometheus(request: Request) -> Response:
    """The facts as gauges; 503 without a configured token, 401 without the right one."""
    token = os.environ.get(TOKEN, "")
    if not token:
        raise Refused(503, "metrics are not configured")
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Refused(401, "the token is missing or wrong")
    seen = await _facts()
    found = {each.id: each.is_down for each in troubles.of(seen, troubles.limits())}
    return Response(metrics.text(seen, found), media_type=metrics.CONTENT_TYPE)


async def _facts() -> Facts | None:
    if not _seen or time.monotonic() - _seen[0][0] > FRESH_S:
        try:
            _seen[:] = [(time.monotonic(), await in_thread(facts.look))]
        except Refused:
            # A ledger that does not answer in time is down.
            _seen[:] = [(time.monotonic(), None)]
    return _seen[0][1]


def forget() -> None:
    """Look again with the next request."""
    _seen.clear()
