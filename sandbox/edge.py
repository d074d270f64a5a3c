"""What every vendor request passes: the log, the faults, HubSpot's token check and its rate limits."""

import asyncio
import hmac
import json
import re
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import answers, clock
from sandbox.answers import JSON, Answer
from sandbox.faults import Rule
from sandbox.hubspot import scopes
from sandbox.hubspot.index import CALLER, Caller
from sandbox.hubspot.limits import refusal
from sandbox.world import World

_CRM = "v3|v4|objects|associations|properties|owners|pipelines"
_HUBSPOT = re.compile(rf"^/(crm/({_CRM})|events|account-info|marketing|form-integrations)/")
_FORMS = "/submissions/v3/"
_SLACK, _APOLLO = ("/api/", "/services/"), "/api/v1/"


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
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        world, began, arrived = self.world(), clock.ticks(), clock.now()
        CALLER.set(Caller(world.faults, scope["method"], scope["path"]))
        vendor = vendor_of(scope["path"])
        if not vendor:
            await self.app(scope, receive, send)
            return
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
        early = answers.planned(vendor, fault)
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
            early = answers.spoilt(fault, early)
        if early is not None:
            await _reply(send, *early)


def _hubspot_gate(world: World, scope: Scope) -> tuple[Answer | None, dict[str, str]]:
    """The token, the buckets, then the scopes: an early answer or none, and headers for the late one."""
    method, path = scope["method"], scope["path"]
    given = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    if not hmac.compare_digest(given.encode(), f"Bearer {world.settings.hubspot_token}".encode()):
        return answers.unauthorized("hubspot", bool(given)), {}
    search = path.endswith("/search")
    exempt = bool(re.match(r"^/crm/(v4/)?associations/", path))
    policy = world.limits.take(clock.now(), search=search, exempt=exempt)
    headers = {} if search else world.limits.headers()
    if policy:
        return (429, headers | JSON, json.dumps(refusal(policy)).encode()), {}
    wanted, fault = scopes.required(method, path), world.faults.rule_for("scope", method, path)
    if fault or not world.missing_scopes.isdisjoint(wanted):
        lacking = (fault.scopes if fault else ()) or wanted
        return (403, headers | JSON, scopes.refusal(lacking)), {}
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
