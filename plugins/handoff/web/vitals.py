"""Whether the line lives, for machines: without a login only what is wrong by name, with a token the numbers."""

import hmac
import os
import time
from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from handoff.local import metadata
from handoff.local.metadata import Dags
from handoff.vitals import facts, metrics, troubles
from handoff.vitals.facts import Facts
from handoff.vitals.troubles import Trouble
from handoff.web.door import in_thread
from handoff.web.places import Refused

HEALTH_PATH, METRICS_PATH = "/health", "/metrics"
TOKEN = "HANDOFF_METRICS_TOKEN"
"""Variable with the bearer token of `/handoff/metrics`; without it that is closed."""
Seen = TypeVar("Seen")
FRESH_S = 5.0
"""Whoever asks, and however often, the ledger is looked at once in this time."""

router = APIRouter()
_seen: list[tuple[float, Facts | None, Dags | None]] = []


@router.get(HEALTH_PATH)
async def health() -> Response:
    """`{"status": "ok" | "degraded" | "down", "wrong": [ids]}`, with 503 for down; nothing about the company."""
    _, found = await _look()
    state = troubles.state(found)
    # A file that Airflow cannot import may be anybody's, and its name is none of a stranger's business.
    wrong = list(dict.fromkeys("import-…" if each.id.startswith("import-") else each.id for each in found))
    body = {"status": state, "wrong": wrong}
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
    seen, found = await _look()
    by_id = {each.id: each.is_down for each in found}
    return Response(metrics.text(seen, by_id), media_type=metrics.CONTENT_TYPE)


async def _look() -> tuple[Facts | None, list[Trouble]]:
    if not _seen or time.monotonic() - _seen[0][0] > FRESH_S:
        # What does not answer in time is down, or not known.
        _seen[:] = [(time.monotonic(), await _in_time(facts.look), await _in_time(metadata.dags))]
    _, seen, dags = _seen[0]
    limit = troubles.limits()
    return seen, troubles.of(seen, limit) + (troubles.of_dags(dags, limit) if dags else [])


async def _in_time(look: Callable[[], Seen | None]) -> Seen | None:
    try:
        return await in_thread(look)
    except Refused:
        return None


def forget() -> None:
    """Look again with the next request."""
    _seen.clear()
