"""What the edge answers in a vendor's place: planned refusals, and answers that were spoilt on the way."""

import gzip
import json
import uuid
from typing import Any

from sandbox.faults import Rule
from sandbox.hubspot.errors import EXPIRED, UNAUTHORIZED
from sandbox.hubspot.limits import refusal

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""
JSON = {"content-type": "application/json"}
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_HEADER = 10
"""Bytes of gzip before the data; what follows here is no block that gzip knows."""


def planned(vendor: str, fault: Rule | None) -> Answer | None:
    """What a fault answers without doing the work."""
    if fault is None or fault.kind not in ("status", "rate_limit", "unauthorized"):
        return None
    if fault.kind == "unauthorized":
        return unauthorized(vendor)
    status = 429 if fault.kind == "rate_limit" else fault.status
    body: dict[str, Any] = {"status": "error", "message": "internal error", "correlationId": str(uuid.uuid4())}
    headers: dict[str, str] = {}
    if status == 429:
        headers = {} if vendor.startswith("hubspot") else {"retry-after": "1"}
        body = refusal(fault.policy) if vendor.startswith("hubspot") else {"message": "The maximum number of api calls"}
    if vendor == "slack":
        body = {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}
    return status, headers | JSON, json.dumps(body).encode()


def unauthorized(vendor: str, given: bool = True) -> Answer:
    """A refused credential in the vendor's words; `given` says whether HubSpot got any."""
    if vendor == "slack":
        return 200, JSON, json.dumps({"ok": False, "error": "invalid_auth"}).encode()
    if vendor == "apollo":
        return 401, {"content-type": "text/plain"}, b"Invalid API key."
    body = (EXPIRED if given else UNAUTHORIZED) | {"correlationId": str(uuid.uuid4())}
    return 401, JSON, json.dumps(body).encode()


def spoilt(fault: Rule, answer: Answer) -> Answer:
    """A true answer as a fault lets it arrive."""
    status, headers, body = answer
    if fault.kind == "html":
        return 502, {"content-type": "text/html"}, _HTML
    if fault.kind == "truncate":
        return status, JSON, body[: len(body) // 2]
    if fault.kind == "empty":
        return status, headers, b""
    if fault.kind == "bom":
        return status, headers, b"\xef\xbb\xbf" + body
    return status, headers | {"content-encoding": "gzip"}, gzip.compress(body)[:_HEADER] + b"\xff" * 20
