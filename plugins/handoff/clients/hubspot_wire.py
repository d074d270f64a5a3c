"""HubSpot over the wire: one request at a time, its errors typed, its limits waited for.

Limits and failures: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
Errors: https://developers.hubspot.com/docs/api-reference/error-handling
"""

import json
from collections.abc import Callable
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

Json = dict[str, Any]

LOCKED, NOT_FOUND, TOO_MANY, MIGRATING = 423, 404, 429, 477
TRANSIENT = frozenset({LOCKED, MIGRATING, 500, 502, 503, 504, 521, 522, 523, 524})
TIMEOUT = httpx.Timeout(10.0, connect=3.0)
ATTEMPTS = 5
_JITTER = wait_random_exponential(multiplier=0.5, max=8)


class HubSpotError(RuntimeError):
    """HubSpot did not do what was asked; the message names the request, the reason and the remedy."""


class DailyLimitReached(HubSpotError):
    """The account's calls for today are used up; they come back at midnight in the portal's time zone."""


class RateLimited(HubSpotError):
    """Too many requests in the last seconds. Nothing was done."""

    def __init__(self, message: str, retry_after_s: float):
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PlanLacks(HubSpotError):
    """The account's plan, or the token's scopes, do not include what was asked for; HubSpot answers both alike."""


class Unauthorized(HubSpotError):
    """The token is wrong."""


class NotFound(HubSpotError):
    """The record does not exist, or was deleted."""


class Rejected(HubSpotError):
    """The request was understood and refused; sending it again changes nothing."""


class Conflict(Rejected):
    """What should be created exists."""


class Unavailable(HubSpotError):
    """No usable answer. A write may or may not have been done."""


def call(
    client: httpx.Client, method: str, path: str, *, repeatable: bool, sleep: Callable[[float], None], **request: Any
) -> Json:
    """Send a request and return the JSON object it answers with; 207 counts as an answer.

    Args:
        repeatable: the request changes nothing, so it may be sent again after a limit, a fault or no answer:
            5 times at most, 1 s times the attempt after SECONDLY, 10 s after TEN_SECONDLY, else exponential.

    Raises:
        HubSpotError: one of the kinds above.
    """

    def attempt() -> Json:
        return _once(client, method, path, request)

    if not repeatable:
        return attempt()
    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, (RateLimited, Unavailable))),
        stop=stop_after_attempt(ATTEMPTS),
        wait=_pause,
        sleep=sleep,
        reraise=True,
    )
    return retrying(attempt)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited):
        return error.retry_after_s * (state.attempt_number if error.retry_after_s < 10 else 1)
    return _JITTER(state)


def _once(client: httpx.Client, method: str, path: str, request: dict[str, Any]) -> Json:
    what = f"HubSpot {method} {path}"
    try:
        response = client.request(method, path, **request)
    except httpx.TransportError as problem:
        raise Unavailable(f"{what}: no answer ({type(problem).__name__}: {problem}); check the network") from problem
    try:
        body = response.json() if response.content else {}
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = None
    if response.is_success and isinstance(body, dict):
        return body
    raise error(what, response.status_code, body if isinstance(body, dict) else None)


def error(what: str, status: int, body: Json | None) -> HubSpotError:
    """The typed form of an unsuccessful answer; `body` is None when it was not a JSON object."""
    if status < 300 or status in TRANSIENT or (status >= 500 and status != 530):
        return Unavailable(f"{what}: HTTP {status} with {'a fault' if body else 'an unreadable body'}; try again later")
    body = body or {}
    said = f"{what}: HTTP {status} {body.get('category', '')}: {_reason(body)}"
    if status == TOO_MANY:
        policy = str(body.get("policyName", ""))
        if policy == "DAILY":
            return DailyLimitReached(f"{said}; wait for midnight in the portal's time zone, or raise the API limit")
        return RateLimited(said, 1.0 if policy == "SECONDLY" else 10.0)
    if status in (401, 530):
        return Unauthorized(f"{said}; put a valid token into the connection's password")
    if status == 403:
        return PlanLacks(f"{said}; grant the token the scope, or take a plan that has it")
    if status == NOT_FOUND:
        return NotFound(f"{said}; it was deleted, or the id is of another portal")
    return (Conflict if status == 409 else Rejected)(f"{said}; correct the value that is named, then replay")


def _reason(body: Json) -> str:
    """What HubSpot says, with the fields it names; every part of its error body is optional."""
    details = [str(item.get("message")) for item in body.get("errors") or () if isinstance(item, dict)]
    return " | ".join([str(body.get("message") or "no reason given"), *details])[:600]
