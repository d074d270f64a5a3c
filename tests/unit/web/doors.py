"""Requests to the web app as the vendors send them, and as they never would."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.testclient import TestClient

from handoff import clock
from handoff.ledger import db
from handoff.settings import settings
from handoff.web import signature, slack_signature
from handoff.web.answering import Answering
from handoff.web.app import HUBSPOT_PATH, PREFIX, SLACK_PATH, app
from handoff.web.places import Places

PORTAL, PUBLIC = 50687303, "https://handoff.example"
HUBSPOT_SECRET, SLACK_SECRET = "the-app-s-client-secret", "the-app-s-signing-secret"
HUBSPOT_URI = f"{PUBLIC}{PREFIX}{HUBSPOT_PATH}"
FORM = "application/x-www-form-urlencoded"
EVENT: dict[str, Any] = {
    "eventId": 1,
    "subscriptionId": 2,
    "portalId": PORTAL,
    "occurredAt": 1765043528476,
    "subscriptionType": "contact.propertyChange",
    "objectId": 501,
    "propertyName": "lifecyclestage",
    "propertyValue": "lead",
}
PRESSED: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1", "username": "ana", "name": "ana", "team_id": "T1"},
    "api_app_id": "A1",
    "token": "a-verification-token",
    "container": {"type": "message", "message_ts": "1765043528.000100", "channel_id": "C1", "is_ephemeral": False},
    "trigger_id": "1.2.3",
    "team": {"id": "T1", "domain": "brightwell"},
    "response_url": "https://hooks.slack.com/actions/T1/1/x",
    "actions": [{"type": "button", "action_id": "press", "block_id": "b", "value": "1", "action_ts": "1765043530.1"}],
}

Woken = list[None]
Headers = Sequence[tuple[str, str | bytes]]


def connect(patch: pytest.MonkeyPatch, conn_id: str, extra: Mapping[str, Any]) -> None:
    """Configure one vendor's connection."""
    value = {"conn_type": "http", "password": "t", "extra": extra}
    patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(value))


@contextmanager
def open_doors(patch: pytest.MonkeyPatch) -> Iterator[Woken]:
    """Both vendors configured, nobody inside; yields one entry for each time the line was woken."""
    calls: Woken = []
    before = (app.state.wake, app.state.places, app.state.answering)
    app.state.wake, app.state.places = lambda: calls.append(None), Places()
    app.state.answering = Answering(app.state.wake)
    patch.setenv("HANDOFF_PUBLIC_URL", PUBLIC)
    connect(patch, "hubspot", {"client_secret": HUBSPOT_SECRET, "portal_id": str(PORTAL)})
    connect(patch, "slack", {"signing_secret": SLACK_SECRET})
    settings.cache_clear()
    yield calls
    app.state.wake, app.state.places, app.state.answering = before
    settings.cache_clear()


def hubspot_headers(body: bytes, *, secret: str = HUBSPOT_SECRET, uri: str = HUBSPOT_URI, age_s: float = 0) -> Headers:
    """What HubSpot sends with a body that it signed `age_s` seconds ago."""
    timestamp = str(int((clock.now().timestamp() - age_s) * 1000))
    return [
        ("x-hubspot-signature-v3", signature.sign(secret, "POST", uri, body, timestamp)),
        ("x-hubspot-request-timestamp", timestamp),
        ("content-type", "application/json"),
    ]


def slack_headers(body: bytes, *, secret: str = SLACK_SECRET, age_s: float = 0, content_type: str = FORM) -> Headers:
    """What Slack sends with a body that it signed `age_s` seconds ago."""
    timestamp = str(int(clock.now().timestamp() - age_s))
    return [
        ("x-slack-signature", slack_signature.sign(secret, timestamp, body)),
        ("x-slack-request-timestamp", timestamp),
        ("content-type", content_type),
    ]


def to_hubspot_door(body: bytes, headers: Headers | None = None, query: str = "") -> httpx.Response:
    """Post to HubSpot's door, signed unless other headers are given."""
    return _post(HUBSPOT_PATH + query, body, hubspot_headers(body) if headers is None else headers)


def to_slack_door(body: bytes, headers: Headers | None = None) -> httpx.Response:
    """Post to Slack's door, signed unless other headers are given."""
    return _post(SLACK_PATH, body, slack_headers(body) if headers is None else headers)


def form(payload: Any = PRESSED, **more: str) -> bytes:
    """An interaction's body."""
    return urlencode({"payload": json.dumps(payload), **more}).encode()


def nested(levels: int) -> list[Any]:
    """A list in a list in a list …"""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def changed(headers: Headers, name: str, *values: str | bytes) -> Headers:
    """The headers with other values of one of them; with none, without it."""
    return [each for each in headers if each[0] != name] + [(name, value) for value in values]


def inbox_rows() -> list[dict[str, Any]]:
    """What was stored, in order."""
    with db.connect() as connection:
        return connection.execute("select * from handoff.inbox order by inbox_id").fetchall()


def _post(path: str, body: bytes, headers: Headers) -> httpx.Response:
    client = TestClient(app)
    encoded = [(name, value.encode() if isinstance(value, str) else value) for name, value in headers]
    answer: httpx.Response = client.post(path, content=body, headers=encoded)  # type: ignore[arg-type]
    return answer
