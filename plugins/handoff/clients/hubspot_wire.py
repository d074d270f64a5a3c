"""HubSpot over the wire: one request, its answer read or its failure typed.

Limits and failures: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
Errors: https://developers.hubspot.com/docs/api-reference/error-handling
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

import httpx

from handoff.clients.budget import NotAsked

Json = dict[str, Any]

LOCKED, NOT_FOUND, TOO_MANY, MIGRATING = 423, 404, 429, 477
TRANSIENT = frozenset({MIGRATING, 500, 502, 503, 504, 521, 522, 523, 524})
TIMEOUT = httpx.Timeout(10.0, connect=3.0)


class HubSpotError(RuntimeError):
    """HubSpot did not do what was asked; the message names the request, the reason and the remedy."""


class DailyLimitReached(HubSpotError):
    """The account's calls for today are used up; they come back at midnight in the portal's time zone."""


class ReserveKept(DailyLimitReached):
    """Background work was kept back here, because what is left of the day is for the line. Nothing was sent."""


class RateLimited(HubSpotError):
    """Too many requests in the last seconds. Nothing was done."""

    def __init__(self, message: str, retry_after_s: float):
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotSent(RateLimited):
    """Kept back here: no place within the limits could be had in time. It is not tried again by itself."""


class BreakerOpen(NotSent):
    """HubSpot failed again and again, so that nothing is sent to it for a while."""

    def __init__(self, message: str, retry_after_s: float, since: datetime | None):
        super().__init__(message, retry_after_s)
        self.since = since


class PlanLacks(HubSpotError):
    """The account's plan, or the token's scopes, do not include what was asked for; HubSpot answers both alike."""

    def __init__(self, message: str, scopes: tuple[str, ...] = ()):
        super().__init__(message)
        self.scopes = scopes
        """Any of them would do; empty when HubSpot names none."""


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


class Locked(Unavailable):
    """Somebody else is changing the record. Not HubSpot's failure."""


class Answered(NamedTuple):
    """A JSON object, and the headers that came with it."""

    body: Json
    headers: httpx.Headers


def once(client: httpx.Client, method: str, path: str, *, needs: str = "", **request: Any) -> Answered:
    """Send a request and return the JSON object it answers with; 207 counts as an answer.

    Args:
        needs: name of the list without which an answer is none; "" for any object.

    Raises:
        HubSpotError: one of the kinds above.
    """
    what = f"HubSpot {method} {path}"
    try:
        response = client.request(method, path, **request)
    except httpx.RequestError as problem:
        raise Unavailable(f"{what}: no answer ({type(problem).__name__}: {problem}); check the network") from problem
    body = {} if response.status_code == httpx.codes.NO_CONTENT else _json(response)
    if response.is_success and body is not None and (not needs or isinstance(body.get(needs), list)):
        return Answered(body, response.headers)
    raise error(what, response.status_code, body)


def is_fault(problem: Exception) -> bool:
    """Whether HubSpot failed, rather than refused."""
    return isinstance(problem, Unavailable) and not isinstance(problem, Locked)


def error(what: str, status: int, body: Json | None) -> HubSpotError:
    """The typed form of an unsuccessful answer; `body` is None when it was not a JSON object."""
    fault = f"{what}: HTTP {status} with {'a fault' if body else 'an unreadable body'}; try again later"
    if status == LOCKED:
        return Locked(fault)
    if status < 300 or status in TRANSIENT or (status >= 500 and status != 530):
        return Unavailable(fault)
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
        return PlanLacks(f"{said}; grant the token the scope, or take a plan that has it", _scopes(body))
    if status == NOT_FOUND:
        return NotFound(f"{said}; it was deleted, or the id is of another portal")
    return (Conflict if status == 409 else Rejected)(f"{said}; correct the value that is named, then replay")


def kept_back(problem: NotAsked) -> HubSpotError:
    """The typed form of a request that was not sent."""
    match problem.reason:
        case "day":
            return DailyLimitReached(f"{problem}; or raise the API limit")
        case "reserve":
            return ReserveKept(f"{problem}; or raise the API limit")
        case "breaker":
            return BreakerOpen(str(problem), problem.retry_after_s, problem.since)
    return NotSent(str(problem), problem.retry_after_s)


def _json(response: httpx.Response) -> Json | None:
    try:
        body = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _details(body: Json) -> list[Json]:
    """Inner errors; every part of HubSpot's error body is optional."""
    details = body.get("errors")
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []


def _reason(body: Json) -> str:
    """What HubSpot says, with the fields it names."""
    details = [str(each.get("message")) for each in _details(body)]
    return " | ".join([str(body.get("message") or "no reason given"), *details])[:600]


def _scopes(body: Json) -> tuple[str, ...]:
    contexts = [each["context"] for each in _details(body) if isinstance(each.get("context"), dict)]
    named = [each.get("requiredGranularScopes") for each in contexts]
    return tuple(str(scope) for scopes in named if isinstance(scopes, list) for scope in scopes)
