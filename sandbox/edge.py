"""What every vendor request passes: the log, the faults, HubSpot's token check and its rate limits."""

import asyncio
import hmac
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import clock
from sandbox.faults import Rule
from sandbox.hubspot.errors import EXPIRED, UNAUTHORIZED
from sandbox.hubspot.limits import refusal
from sandbox.world import World

_CRM = "v3|v4|objects|associations|properties|owners|pipelines"
_HUBSPOT = re.compile(rf"^/(crm/({_CRM})|events|account-info|marketing|form-integrations)/")
_FORMS = "/submissions/v3/"
_SLACK, _APOLLO = "/api/", "/api/v1/"
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
Answer = tuple[int, dict[str, str], bytes]


def vendor_of(path: str) -> str:
    """Whose endpoint a path is; empty for the sandbox's own pages."""
    if _HUBSPOT.match(path):
        return "hubspot"
    if path.startswith(_FORMS):
        return "hubspot_forms"
    if path.startswith(_APOLLO):
        return "apollo"
    return "slack" if path.startswith(_SLACK) else ""


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, world: Callable[[], World]) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        vendor = vendor_of(scope.get("path", "")) if scope["type"] == "http" else ""
        if not vendor:
            await self.app(scope, receive, send)
            return
        world, began, arrived = self.world(), clock.ticks(), clock.now()
        status, dropped = 0, False

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            wait, fault = world.faults.strike(scope["method"], scope["path"])
            if wait:
                await asyncio.sleep(wait)
            dropped = fault is not None and fault.kind.startswith("drop")
            await self._answer(world, vendor, fault, scope, receive, watched)
        finally:
            world.note(
                t=arrived,
                vendor=vendor,
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=0 if dropped else status,
                ms=round((clock.ticks() - began) * 1000, 1),
            )

    async def _answer(
        self, world: World, vendor: str, fault: Rule | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers: dict[str, str] = {}
        early = _planned(vendor, fault)
        if early is None and vendor == "hubspot" and not (fault and fault.kind == "drop_before"):
            early, headers = _hubspot_gate(world, scope)
        if early is None and fault is None:
            await self.app(scope, receive, _with_headers(send, headers))
            return
        if early is None and fault is not None:
            if fault.kind == "drop_before":
                await _hang_up(receive)
                return
            early = await _collect(self.app, scope, receive, headers)
            if fault.kind == "drop_after":
                await _hang_up(receive)
                return
            if fault.kind == "html":
                early = (502, {"content-type": "text/html"}, _HTML)
            elif fault.kind == "truncate":
                early = (early[0], {"content-type": "application/json"}, early[2][: len(early[2]) // 2])
        if early is not None:
            await _reply(send, *early)


def _planned(vendor: str, fault: Rule | None) -> Answer | None:
    """What a fault answers without doing the work."""
    if fault is None or fault.kind not in ("status", "rate_limit"):
        return None
    status = 429 if fault.kind == "rate_limit" else fault.status
    body: dict[str, Any] = {"status": "error", "message": "internal error", "correlationId": str(uuid.uuid4())}
    headers: dict[str, str] = {}
    if status == 429:
        headers = {} if vendor.startswith("hubspot") else {"retry-after": "1"}
        body = refusal(fault.policy) if vendor.startswith("hubspot") else {"message": "The maximum number of api calls"}
    if vendor == "slack":
        body = {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}
    return status, headers | {"content-type": "application/json"}, json.dumps(body).encode()


def _hubspot_gate(world: World, scope: Scope) -> tuple[Answer | None, dict[str, str]]:
    """The token, then the buckets: an early answer or none, and headers for the late one."""
    given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    if not hmac.compare_digest(given.encode(), f"Bearer {world.settings.hubspot_token}".encode()):
        body = (EXPIRED if given else UNAUTHORIZED) | {"correlationId": str(uuid.uuid4())}
        return (401, {"content-type": "application/json"}, json.dumps(body).encode()), {}
    search = scope["path"].endswith("/search")
    exempt = bool(re.match(r"^/crm/(v4/)?associations/", scope["path"]))
    policy = world.limits.take(clock.now(), search=search, exempt=exempt)
    headers = {} if search else world.limits.headers()
    if policy:
        return (429, headers | {"content-type": "application/json"}, json.dumps(refusal(policy)).encode()), {}
    return None, headers


def _with_headers(send: Send, headers: dict[str, str]) -> Send:
    extra = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return wrapped


async def _collect(app: ASGIApp, scope: Scope, receive: Receive, headers: dict[str, str]) -> Answer:
    """Do the work, and keep the answer here."""
    status, sent, body = 500, dict(headers), b""

    async def keep(message: Message) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
            sent.update({k.decode(): v.decode() for k, v in message["headers"] if k.lower() != b"content-length"})
        body += message.get("body", b"")

    await app(scope, receive, keep)
    return status, sent, body


async def _reply(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _hang_up(receive: Receive) -> None:
    """Close the client's connection without an answer."""
    # ASGI has no word for it; uvicorn's receive is a method of the object that holds the connection.
    receive.__self__.transport.abort()  # type: ignore[attr-defined]
    # The server learns of it on the loop's next round; before that it would try to answer 500.
    await asyncio.sleep(0.01)
