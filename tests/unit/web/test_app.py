"""The webhook's route: what is stored, what is refused, and when the line is woken."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from handoff import clock
from handoff.ledger import db
from handoff.settings import settings
from handoff.web.app import LARGEST_BODY, app
from handoff.web.signature import sign
from tests.conftest import Database

SECRET, PORTAL, PUBLIC = "the-app-s-secret", 50687303, "https://handoff.example"
PATH = "/hubspot/webhook"
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

Woken = list[None]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Woken]:
    calls: Woken = []
    before = app.state.wake
    app.state.wake = lambda: calls.append(None)
    monkeypatch.setenv("HANDOFF_PUBLIC_URL", PUBLIC)
    extra = {"client_secret": SECRET, "portal_id": str(PORTAL)}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps({"conn_type": "http", "password": "t", "extra": extra}))
    settings.cache_clear()
    yield calls
    app.state.wake = before
    settings.cache_clear()


def post(body: bytes, **headers: str | None) -> httpx.Response:
    timestamp = str(int(clock.now().timestamp() * 1000))
    signed = sign(SECRET, "POST", f"{PUBLIC}/handoff{PATH}", body, timestamp)
    given: dict[str, str | None] = {
        "x-hubspot-signature-v3": signed,
        "x-hubspot-request-timestamp": timestamp,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    with TestClient(app) as client:
        sent = {name: value for name, value in given.items() if value is not None}
        answer: httpx.Response = client.post(PATH, content=body, headers=sent)
    return answer


def stored() -> list[str]:
    with db.connect() as connection:
        rows = connection.execute("select object_id from handoff.inbox order by inbox_id").fetchall()
    return [row["object_id"] for row in rows]


def test_a_genuine_batch_is_stored_and_wakes_the_line_once(database: Database, woken: Woken) -> None:
    answer = post(json.dumps([EVENT, EVENT | {"eventId": 3, "objectId": 502}]).encode())
    assert (answer.status_code, answer.json()) == (200, {"stored": 2})
    assert stored() == ["501", "502"]
    assert len(woken) == 1


def test_a_repeated_delivery_wakes_nobody(database: Database, woken: Woken) -> None:
    body = json.dumps([EVENT]).encode()
    assert [post(body).json(), post(body).json()] == [{"stored": 1}, {"stored": 0}]
    assert stored() == ["501"]
    assert len(woken) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"[]", {"x_hubspot_signature_v3": "forged"}, 401),
        (b"[]", {"x_hubspot_signature_v3": None}, 401),
        (b"[]", {"x_hubspot_request_timestamp": "now"}, 401),
        (b"[]", {"x_hubspot_request_timestamp": "1693657560000"}, 401),
        (b"not json", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"[" * 100_000, {}, 400),
        (json.dumps([EVENT | {"portalId": 1}]).encode(), {}, 400),
        (b" " * (LARGEST_BODY + 1), {}, 413),
    ],
)
def test_what_is_refused_is_neither_stored_nor_wakes_anyone(
    body: bytes, headers: dict[str, str | None], status: int, database: Database, woken: Woken
) -> None:
    answer = post(body, **headers)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert stored() == []
    assert woken == []


def test_what_cannot_be_stored_is_asked_for_again(
    database: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "login": "x", "password": "x", "schema": "x"}
    monkeypatch.setenv("AIRFLOW_CONN_HANDOFF_DB", json.dumps(broken))
    assert post(json.dumps([EVENT]).encode()).status_code == 503
    assert woken == []
