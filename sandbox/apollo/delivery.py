"""How an answer arrives: as it is, or as no client should have to read it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from sandbox.faults import Faults

HUGE_BYTES, DEPTH, PIECES = 50_000_000, 100_000, 20
_CHUNK = b"x" * 1_000_000
_PAGE = "<html><head><title>Apollo</title></head><body><h1>We will be right back</h1></body></html>"
Headers = dict[str, str]


async def deliver(faults: Faults, request: Request, body: dict[str, Any], headers: Headers) -> Response:
    """The answer with 200, or what a fault makes of it."""
    method, path = request.method, request.url.path
    if faults.applies("html_ok", method, path):
        return HTMLResponse(_PAGE, 200, headers)
    if faults.applies("deep", method, path):
        return Response('{"person": ' + "[" * DEPTH + "]" * DEPTH + "}", 200, headers, "application/json")
    if faults.applies("huge", method, path):
        return StreamingResponse(_padded(body), 200, headers, "application/json")
    if slow := faults.rule_for("trickle", method, path):
        return StreamingResponse(_pieces(body, slow.seconds), 200, headers, "application/json")
    return JSONResponse(body, 200, headers)


def _padded(body: dict[str, Any]) -> Iterator[bytes]:
    yield json.dumps(body).encode()[:-1] + b', "padding": "'
    for _ in range(HUGE_BYTES // len(_CHUNK)):
        yield _CHUNK
    yield b'"}'


async def _pieces(body: dict[str, Any], seconds: float) -> AsyncIterator[bytes]:
    whole = json.dumps(body).encode()
    length = max(1, -(-len(whole) // PIECES))
    for start in range(0, len(whole), length):
        await asyncio.sleep(seconds / PIECES)
        yield whole[start : start + length]
