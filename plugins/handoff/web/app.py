"""The web app inside Airflow's API server, below `/handoff`.

Airflow guards no route of a plugin's app: every route here verifies a signature, or tells nothing.
"""

import asyncio
import json
import logging
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from handoff import clock, connections
from handoff.ledger import db, inbox
from handoff.ledger.landing import storable
from handoff.settings import settings
from handoff.web import hubspot
from handoff.web.signature import is_genuine

log = logging.getLogger(__name__)

PREFIX = "/handoff"
LARGEST_BODY = 1_000_000
BODY_SECONDS = 5.0

app = FastAPI(title="Handoff", docs_url=None, redoc_url=None, openapi_url=None)
# What wakes the line once an answer has gone out; the plugin puts Airflow here.
app.state.wake = lambda: None


@app.get("/health")
def health() -> dict[str, str]:
    """That this process answers; nothing about the company."""
    return {"status": "ok"}


@app.post("/hubspot/webhook")
async def hubspot_webhook(request: Request) -> Response:
    """Store a verified batch of change events and wake the line.

    401 for anything whose signature cannot be confirmed, 413 and 408 for bodies too large or too slow, 400 for a
    signed body that is no list of events of this portal, 503 when it could not be stored: HubSpot then sends it again.
    """
    received_at = clock.now()
    try:
        body = await asyncio.wait_for(_read(request), BODY_SECONDS)
    except TimeoutError:
        return _answer(408, "the body took too long")
    if body is None:
        return _answer(413, "the body is too large")
    if not _is_genuine(request, body, received_at):
        return _answer(401, "the signature is missing, too old or wrong")
    try:
        events = hubspot.events(storable(json.loads(body)), _portal_id())
    except (ValueError, RecursionError) as error:
        return _answer(400, str(error) if isinstance(error, hubspot.BadBody) else "the body is not JSON")
    try:
        stored = await asyncio.to_thread(_store, events, received_at)
    except psycopg.Error:
        log.exception("%s HubSpot events could not be stored", len(events))
        return _answer(503, "not stored; send it again")
    return JSONResponse({"stored": stored}, background=BackgroundTask(request.app.state.wake) if stored else None)


def _store(events: list[inbox.Event], received_at: Any) -> int:
    with db.connect() as connection:
        return inbox.store(connection, events, received_at)


async def _read(request: Request) -> bytes | None:
    """The raw body; None when it is larger than we take, whatever its header says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _is_genuine(request: Request, body: bytes, as_of: Any) -> bool:
    headers = request.headers
    if any(len(headers.getlist(name)) != 1 for name in (SIGNATURE, TIMESTAMP)):
        return False
    query = f"?{request.url.query}" if request.url.query else ""
    return is_genuine(
        _secrets(),
        method=request.method,
        uri=f"{settings().public_url}{PREFIX}/hubspot/webhook{query}",
        body=body,
        timestamp=headers[TIMESTAMP],
        signature=headers[SIGNATURE],
        as_of=as_of,
    )


SIGNATURE = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"


def _secrets() -> list[str]:
    extra = connections.get(connections.HUBSPOT).extra
    return [extra.get("client_secret", ""), extra.get("previous_client_secret", "")]


def _portal_id() -> str:
    return str(connections.get(connections.HUBSPOT).extra.get("portal_id", ""))


def _answer(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)
