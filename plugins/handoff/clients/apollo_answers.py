"""Apollo's answers: whose they are, what went wrong, and what to do about it."""

import json
from typing import Any

import httpx

Json = dict[str, Any]


def body_of(content: bytes) -> Json | None:
    """The JSON object, None when it is none."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def about(found: Any, field: str, wanted: str) -> Json | None:
    """The record if it is about what was asked for."""
    echoed = str(found.get(field) or "") if isinstance(found, dict) else ""
    return found if echoed.strip().lower().removeprefix("www.") == wanted.lower().removeprefix("www.") else None


def reason(content: bytes, body: Json | None) -> str:
    """What Apollo says of a failure; `body` is None when it was not a JSON object."""
    said = body or {}
    text = said.get("error_message") or said.get("message") or said.get("error") or content.decode("utf-8", "replace")
    return str(text)[:300]


def remedy(response: httpx.Response) -> str:
    """What to do about it."""
    match response.status_code:
        case 401:
            return "put a valid API key into the connection's password"
        case 402 | 422:
            return "look at the credits that are left in Apollo's settings"
        case 403:
            return "allow this endpoint for the API key in Apollo's settings"
        case 429:
            return f"wait {response.headers.get('retry-after') or 'for the next window'} s, or raise the plan's limit"
    return "the next run asks again"
