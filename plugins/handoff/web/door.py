"""What a request from outside passes before anything in it is believed, cheapest first.

A configured secret, the vendor's two headers, the declared length; the bytes as they come and the time they take; a
free place to work; the signature over exactly these bytes. Nothing is parsed before that.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from handoff.web import signing
from handoff.web.places import Place, Refused

log = logging.getLogger(__name__)
Result = TypeVar("Result")

BODY_SECONDS = 5.0
WORK_SECONDS = 3.0
"""For one thing that a thread does for a request."""
UNCONFIGURED = "webhooks are not configured"
UNCONFIRMED = "the signature is missing, too old or wrong"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Own threads: a database that hangs must not take those of Airflow's API server.
_THREADS = ThreadPoolExecutor(4, "handoff-web")

_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)
"""By when the present request is answered, by the loop's clock."""


@dataclass(frozen=True)
class Signed:
    """What arrived, with what vouches for it."""

    body: bytes
    query: str
    """The raw query of the address, without its question mark."""
    timestamp: str
    signature: str
    received_at: datetime


Verifier = Callable[[list[str], Signed], bool]


@dataclass(frozen=True)
class Door:
    """How one vendor signs, and how much it may send."""

    conn_id: str
    signature_header: str
    timestamp_header: str
    ticks_per_second: int
    """Unit of the timestamp."""
    largest_body: int
    """Bytes."""
    answer_seconds: float
    """From the arrival of a request to our answer, whatever it waits for, so that the vendor hears it in time."""
    is_genuine: Verifier

    async def receive(self, request: Request, place: Place, received_at: datetime) -> Signed:
        """The request's raw body, once its signature is confirmed.

        Raises:
            Refused: 503 no secret is configured, or too many come at once; 401 whatever is wrong with headers or
                signature; 413 and 408 a body too large or too slow; 400 the sender left.
        """
        _UNTIL.set(asyncio.get_running_loop().time() + self.answer_seconds)
        secrets = await in_thread(self._secrets)
        if not secrets:
            raise Refused(503, UNCONFIGURED)
        given = [request.headers.getlist(name) for name in (self.timestamp_header, self.signature_header)]
        if any(len(values) != 1 for values in given):
            raise Refused(401, UNCONFIRMED)
        body = await _read(request, place, self.largest_body)
        place.work()
        query = request.scope.get("query_string", b"").decode("latin-1")
        signed = Signed(body, query, given[0][0], given[1][0], received_at)
        if not self._is_genuine(secrets, signed):
            raise Refused(401, UNCONFIRMED, self._clocks(secrets, signed))
        return signed

    def _is_genuine(self, secrets: list[str], signed: Signed) -> bool:
        try:
            return self.is_genuine(secrets, signed)
        except Exception:
            # Whatever a header can break in a verifier, the request is not confirmed.
            log.warning("a signature could not be checked", exc_info=True)
            return False

    def _clocks(self, secrets: list[str], signed: Signed) -> str:
        """What the log says when nothing but the time is wrong."""
        try:
            signed_at = _EPOCH + timedelta(seconds=int(signed.timestamp) / self.ticks_per_second)
        except (ValueError, OverflowError):
            return ""
        if not self._is_genuine(secrets, replace(signed, received_at=signed_at)):
            return ""
        seconds = (signed.received_at - signed_at).total_seconds()
        return f"signed right, {seconds:+.0f} s away by this machine's clock: sent again later, or a clock is wrong"

    def _secrets(self) -> list[str]:
        try:
            return signing.secrets(self.conn_id)
        except signing.BadSecret as error:
            raise Refused(503, UNCONFIGURED, str(error)) from None


async def _read(request: Request, place: Place, largest: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    # The declared length is checked for what it is worth, the bytes are counted all the same.
    if len(declared) > 12 or not declared.isdigit() or int(declared) > largest:
        raise Refused(413, "the body is too large")
    body = bytearray()
    try:
        async with asyncio.timeout(min(BODY_SECONDS, left())):
            async for chunk in request.stream():
                if len(body) + len(chunk) > largest:
                    raise Refused(413, "the body is too large")
                place.hold(len(chunk))
                body += chunk
    except TimeoutError:
        raise Refused(408, "the body took too long") from None
    except ClientDisconnect:
        raise Refused(400, "the body is not complete") from None
    return bytes(body)


def left() -> float:
    """Seconds until the present request has to be answered; without end outside of one."""
    until = _UNTIL.get()
    return inf if until is None else max(until - asyncio.get_running_loop().time(), 0.0)


async def in_thread(work: Callable[[], Result]) -> Result:
    """Do what blocks in one of a few threads.

    Raises:
        Refused: 503 it took longer than `WORK_SECONDS`, or than the request has; it may still be done.
    """
    seconds = min(WORK_SECONDS, left())
    try:
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(_THREADS, work), seconds)
    except TimeoutError:
        raise Refused(503, "not stored; send it again") from None
