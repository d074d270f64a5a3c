"""The two routes: what is stored, what is refused, and when the line is woken."""

import json

import pytest
from starlette.testclient import TestClient

from handoff.ledger import db, inbox
from handoff.web.app import HUBSPOT, HUBSPOT_PATH, SLACK_PATH, app
from handoff.web.pages.route import PageRoute
from tests.conftest import Database
from tests.unit.web.doors import (
    EVENT,
    PRESSED,
    Woken,
    changed,
    form,
    hubspot_headers,
    inbox_rows,
    nested,
    to_hubspot_door,
    to_slack_door,
)


def test_a_genuine_batch_is_stored_and_wakes_the_line_once(ledger: Database, woken: Woken) -> None:
    answer = to_hubspot_door(json.dumps([EVENT, EVENT | {"eventId": 3, "objectId": 502}]).encode())
    assert (answer.status_code, answer.json()) == (200, {"stored": 2})
    assert {row["object_id"] for row in inbox_rows()} == {"501", "502"}
    assert len(woken) == 1


def test_what_we_wrote_ourselves_wakes_nobody(ledger: Database, woken: Woken) -> None:
    own = {"appId": 7, "changeSource": "INTEGRATION", "sourceId": "7", "propertyName": "hubspot_owner_id"}
    assert to_hubspot_door(json.dumps([EVENT | own]).encode()).json() == {"stored": 1}
    assert woken == []
    theirs = {"changeSource": "CRM_UI", "sourceId": "userId:9"}
    assert to_hubspot_door(json.dumps([EVENT | own, EVENT | own | theirs]).encode()).json() == {"stored": 1}
    assert len(woken) == 1


def test_a_repeated_delivery_wakes_nobody(ledger: Database, woken: Woken) -> None:
    body = json.dumps([EVENT]).encode()
    assert [to_hubspot_door(body).json(), to_hubspot_door(body).json()] == [{"stored": 1}, {"stored": 0}]
    assert [row["object_id"] for row in inbox_rows()] == ["501"]
    assert len(woken) == 1


@pytest.mark.parametrize(
    ("body", "name", "value", "status"),
    [
        (b"[]", "x-hubspot-signature-v3", "forged", 401),
        (b"[]", "x-hubspot-signature-v3", None, 401),
        (b"[]", "x-hubspot-request-timestamp", "now", 401),
        (b"[]", "x-hubspot-request-timestamp", "1693657560000", 401),
        (b"not json", None, None, 400),
        (b"\xff\xfe", None, None, 400),
        ("[]".encode("utf-16"), None, None, 400),
        (b"[" * 100_000, None, None, 400),
        (json.dumps([EVENT | {"x": nested(31)}]).encode(), None, None, 400),
        (b'[{"portalId": NaN}]', None, None, 400),
        (json.dumps([EVENT | {"portalId": 1}]).encode(), None, None, 400),
        (b" " * (HUBSPOT.largest_body + 1), None, None, 413),
    ],
)
def test_what_is_refused_is_neither_stored_nor_wakes_anyone(
    body: bytes, name: str | None, value: str | None, status: int, ledger: Database, woken: Woken
) -> None:
    headers = hubspot_headers(body)
    if name:
        headers = changed(headers, name, *([value] if value else []))
    answer = to_hubspot_door(body, headers)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert inbox_rows() == []
    assert woken == []


def test_what_cannot_be_stored_is_asked_for_again(
    ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "login": "x", "password": "x", "schema": "x"}
    monkeypatch.setenv("AIRFLOW_CONN_HANDOFF_DB", json.dumps(broken))
    assert to_hubspot_door(json.dumps([EVENT]).encode()).status_code == 503
    assert woken == []


def test_an_interaction_that_is_none_of_ours_is_kept_and_wakes_nobody(ledger: Database, woken: Woken) -> None:
    answer = to_slack_door(form())
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = inbox_rows()
    assert (row["source"], row["object_type"], row["object_id"]) == ("slack", "block_actions", "press")
    assert row["payload"] == {name: value for name, value in PRESSED.items() if name != "token"}
    assert woken == []
    assert row["processed_at"] == row["received_at"]
    assert app.state.answering.counts == {"ignored": 1}
    with db.connect() as connection:
        assert inbox.unread(connection) == ([], [])


def test_what_is_nested_as_deep_as_a_message_is_taken(ledger: Database, woken: Woken) -> None:
    assert to_hubspot_door(json.dumps([EVENT | {"x": nested(29)}]).encode()).status_code == 200


def test_a_number_beyond_a_float_is_kept_as_its_text(ledger: Database, woken: Woken) -> None:
    body = json.dumps([EVENT | {"propertyValue": "HERE"}]).replace('"HERE"', "1e400").encode()
    assert to_hubspot_door(body).status_code == 200
    assert [row["payload"]["propertyValue"] for row in inbox_rows()] == ["1e400"]


def test_every_route_verifies_or_tells_nothing() -> None:
    client = TestClient(app)
    # The plugin, once imported, adds the pages, each behind its guard: tests of their own look at that.
    doors = [route for route in app.routes if not isinstance(route, PageRoute)]
    routes = {(route.path, method) for route in doors for method in route.methods or ()}  # type: ignore[attr-defined]
    assert routes == {("/health", "GET"), ("/metrics", "GET"), (HUBSPOT_PATH, "POST"), (SLACK_PATH, "POST")}
    # Closed without a configured token; what the others refuse has tests of its own.
    assert client.get("/metrics").status_code == 503
