"""The bad-input list, B: forged, broken, repeated and disordered webhooks. Each case carries its number on the list."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hubspot.utils.signature import Signature
from starlette.testclient import TestClient

from handoff.ledger import db, inbox
from handoff.web.app import HUBSPOT_PATH, PREFIX, app
from handoff.web.signature import sign
from tests.conftest import Database
from tests.unit.web.doors import (
    EVENT,
    HUBSPOT_SECRET,
    HUBSPOT_URI,
    PORTAL,
    Headers,
    Woken,
    changed,
    connect,
    hubspot_headers,
    inbox_rows,
    to_hubspot_door,
)

V3, TIMESTAMP = "x-hubspot-signature-v3", "x-hubspot-request-timestamp"
BODY = json.dumps([EVENT]).encode()


def batch(*changes: dict[str, Any]) -> bytes:
    return json.dumps([EVENT | change for change in changes]).encode()


def hints() -> set[tuple[str, str]]:
    with db.connect() as connection:
        return {(hint.object_type, hint.object_id) for hint in inbox.unread(connection)[1]}


def old_signature(version: str) -> str:
    return str(Signature.get_signature(HUBSPOT_SECRET, BODY.decode(), version, HUBSPOT_URI, "POST"))


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("where", ["x-hubspot-signature", V3], ids="16 in {}".format)
def test_an_older_signature_is_no_signature(version: str, where: str, ledger: Database, woken: Woken) -> None:
    headers = [*changed(hubspot_headers(BODY), V3), ("x-hubspot-signature-version", version)]
    headers.append((where, old_signature(version)))
    assert to_hubspot_door(BODY, headers).status_code == 401
    assert inbox_rows() == []


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        pytest.param(HUBSPOT_URI, 200, id="17 the public address"),
        pytest.param(HUBSPOT_URI.replace("https", "http"), 401, id="17 http"),
        pytest.param(f"http://testserver{HUBSPOT_PATH}", 401, id="17 the address we see"),
        pytest.param(f"https://127.0.0.1:8080{PREFIX}{HUBSPOT_PATH}", 401, id="17 an internal host"),
        pytest.param(HUBSPOT_URI + "/", 401, id="17 a slash more"),
        pytest.param(HUBSPOT_URI.upper(), 401, id="17 upper case"),
    ],
)
def test_it_is_the_configured_address_that_counts(uri: str, status: int, ledger: Database, woken: Woken) -> None:
    headers = [*hubspot_headers(BODY, uri=uri), ("host", "evil.example"), ("x-forwarded-proto", "http")]
    assert to_hubspot_door(BODY, headers).status_code == status
    assert len(inbox_rows()) == (status == 200)


@pytest.mark.parametrize(
    ("asked", "signed", "status"),
    [
        pytest.param("?a=1&b=2", "?a=1&b=2", 200, id="18 as it was sent"),
        pytest.param("?b=2&a=1", "?a=1&b=2", 401, id="18 another order"),
        pytest.param("?a=1", "", 401, id="18 a query that was not signed"),
        pytest.param("?t=a%3Ab%2Fc", "?t=a:b/c", 200, id="18 %3A and %2F are decoded"),
        pytest.param("?t=a%3ab%2fc", "?t=a:b/c", 200, id="18 in lower case too"),
        pytest.param("?t=%21%24%27%28%29%2A%2C%3B%40%3F", "?t=!$'()*,;@?", 200, id="18 all that are decoded"),
        pytest.param("?t=a%20b", "?t=a%20b", 200, id="18 %20 stays"),
        pytest.param("?t=a%20b", "?t=a b", 401, id="18 %20 is not decoded"),
        pytest.param("?t=a%26b", "?t=a&b", 401, id="18 %26 is not decoded"),
        pytest.param("?t=a%253Ab", "?t=a%253Ab", 200, id="18 decoded once"),
    ],
)
def test_the_query_is_signed_as_documented(
    asked: str, signed: str, status: int, ledger: Database, woken: Woken
) -> None:
    timestamp = next(str(value) for name, value in hubspot_headers(BODY) if name == TIMESTAMP)
    plain = str(Signature.get_signature(HUBSPOT_SECRET, BODY.decode(), "v3", HUBSPOT_URI + signed, "POST", timestamp))
    assert to_hubspot_door(BODY, [(V3, plain), (TIMESTAMP, timestamp)], query=asked).status_code == status


def with_timestamp(change: Callable[[str], str]) -> Headers:
    timestamp = change(next(str(value) for name, value in hubspot_headers(BODY) if name == TIMESTAMP))
    return [(V3, sign(HUBSPOT_SECRET, "POST", HUBSPOT_URI, BODY, timestamp)), (TIMESTAMP, timestamp.encode())]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param(lambda ms: ms, 200, id="19 milliseconds"),
        pytest.param(lambda ms: ms[:-3], 401, id="19 seconds"),
        pytest.param(lambda ms: ms + "000", 401, id="19 microseconds"),
        pytest.param(lambda ms: ms + ".5", 401, id="19 a fraction"),
        pytest.param(lambda ms: str(int(ms) - 301_000), 401, id="19 301 s old"),
        pytest.param(lambda ms: str(int(ms) + 302_000), 401, id="19 302 s ahead"),
        pytest.param(lambda ms: str(int(ms) - 298_000), 200, id="19 298 s old"),
    ],
)
def test_the_timestamp_is_milliseconds_of_now(
    change: Callable[[str], str], status: int, ledger: Database, woken: Woken
) -> None:
    assert to_hubspot_door(BODY, with_timestamp(change)).status_code == status


@pytest.mark.parametrize(
    ("body", "status", "stored"),
    [
        pytest.param(b"[]", 200, 0, id="20 no event"),
        pytest.param(b"{}", 400, 0, id="20 an object"),
        pytest.param(b"null", 400, 0, id="20 null"),
        pytest.param(batch(*({"objectId": number} for number in range(1, 101))), 200, 100, id="20 100 events"),
        pytest.param(batch(*({"objectId": number} for number in range(1, 1002))), 400, 0, id="20 1,001 events"),
        pytest.param(b'[{"portalId": %d}, 1]' % PORTAL, 400, 0, id="20 a number among them"),
    ],
)
def test_a_body_is_taken_whole_or_not(body: bytes, status: int, stored: int, ledger: Database, woken: Woken) -> None:
    assert to_hubspot_door(body).status_code == status
    assert len(inbox_rows()) == stored


@pytest.mark.parametrize(
    "change",
    [{"eventId": None}, {"eventId": "abc"}, {"eventId": -1}, {"eventId": 2**63}, {"eventId": 10**400}, {"eventId": {}}],
    ids="21 {}".format,
)
def test_an_odd_event_id_is_kept_as_it_came(change: dict[str, Any], ledger: Database, woken: Woken) -> None:
    assert to_hubspot_door(batch(change)).json() == {"stored": 1}
    assert [row["payload"]["eventId"] for row in inbox_rows()] == [change["eventId"]]
    assert hints() == {("contact", "501")}


def test_21_an_event_id_is_no_key(ledger: Database, woken: Woken) -> None:
    missing = {name: value for name, value in EVENT.items() if name != "eventId"}
    body = json.dumps([EVENT, EVENT | {"objectId": 502}, missing | {"objectId": 503}]).encode()
    assert to_hubspot_door(body).json() == {"stored": 3}


def test_21_one_event_under_two_event_ids_is_one(ledger: Database, woken: Woken) -> None:
    assert to_hubspot_door(batch({"eventId": 1}, {"eventId": 2, "subscriptionId": 7, "appId": 8})).json() == {
        "stored": 1
    }


def test_21_events_without_any_field_are_kept_and_name_nothing(
    ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, "hubspot", {"client_secret": HUBSPOT_SECRET})
    assert to_hubspot_door(b'[{}, {"objectId": "x"}]').json() == {"stored": 2}
    assert hints() == {("unreadable", "")}


def test_22_another_portal_s_webhook_is_refused_whole_and_somebody_is_shown(
    ledger: Database, woken: Woken, caplog: pytest.LogCaptureFixture
) -> None:
    body = batch({}, {"portalId": 62515, "objectId": 502})
    with caplog.at_level(logging.WARNING):
        answers = [to_hubspot_door(body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400] * 3
    assert inbox_rows() == []
    assert woken == []
    with db.connect() as connection:
        (row,) = connection.execute("select * from raw.quarantine").fetchall()
    assert (row["stream"], row["field"], row["payload"]) == ("hubspot_webhooks", "portalId", '{"portalId": "62515"}')
    assert "62515" in row["reason"]
    assert str(PORTAL) in row["reason"]
    assert row["remedy"].startswith("correct portal_id")
    assert [message for message in caplog.messages if "62515" in message]
    assert app.state.places.refused == {f"{HUBSPOT_PATH} 400": 3}


@pytest.mark.parametrize(
    ("occurred_at", "kept"),
    [
        pytest.param(4070908800000, datetime(2099, 1, 1, tzinfo=UTC), id="23 2099"),
        pytest.param(0, datetime(1970, 1, 1, tzinfo=UTC), id="23 0"),
        pytest.param(10**30, None, id="23 beyond every calendar"),
        pytest.param("soon", None, id="23 no time"),
        pytest.param(-(10**14), None, id="23 before the year 1"),
    ],
)
def test_a_strange_time_moves_nothing(
    occurred_at: object, kept: datetime | None, ledger: Database, woken: Woken
) -> None:
    assert to_hubspot_door(batch({"occurredAt": occurred_at})).json() == {"stored": 1}
    with db.connect() as connection:
        assert connection.execute("select * from handoff.cursors").fetchall() == []
        (hint,) = inbox.unread(connection)[1]
    (row,) = inbox_rows()
    assert (row["occurred_at"], row["payload"]["occurredAt"]) == (kept, occurred_at)
    # What a lead waits for is counted from when we heard of it.
    assert hint.received_at == row["received_at"] != row["occurred_at"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("x" * 65_536, "x" * 65_536, id="24 65,536 characters"),
        pytest.param("a\u0000b", "a\ufffdb", id="24 NUL"),
        pytest.param("\ud800", "\ufffd", id="24 half a character"),
        pytest.param("\U0001f600", "\U0001f600", id="24 an emoji"),
    ],
)
def test_what_postgres_cannot_hold_is_replaced_and_the_batch_goes_on(
    value: str, kept: str, ledger: Database, woken: Woken
) -> None:
    body = batch({"propertyValue": value}, {"objectId": 502, value[:9]: 1})
    assert to_hubspot_door(body).json() == {"stored": 2}
    payloads = {row["object_id"]: row["payload"] for row in inbox_rows()}
    assert payloads["501"]["propertyValue"] == kept
    assert payloads["502"][kept[:9]] == 1


MERGE = {"primaryObjectId": 1, "mergedObjectIds": [2], "newObjectId": 3, "subscriptionType": "contact.merge"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([MERGE | {"objectId": 1}], {("contact", "1"), ("contact", "2"), ("contact", "3")}, id="25 merge"),
        pytest.param([{"subscriptionType": "contact.restore"}], {("contact", "501")}, id="25 restore"),
        pytest.param(
            [{"subscriptionType": "contact.privacyDeletion"}, {"subscriptionType": "contact.deletion"}],
            {("contact", "501")},
            id="25 privacyDeletion and deletion",
        ),
    ],
)
def test_merged_restored_and_erased_are_one_hint_for_each_record(
    changes: list[dict[str, Any]], expected: set[tuple[str, str]], ledger: Database, woken: Woken
) -> None:
    body = batch(*changes)
    assert [to_hubspot_door(body).status_code for _ in range(2)] == [200, 200]
    assert hints() == expected
    assert len(woken) == 1


def test_26_a_batch_that_is_sent_ten_times_has_one_effect(ledger: Database, woken: Woken) -> None:
    answers = [
        to_hubspot_door(batch({"attemptNumber": attempt}, {"attemptNumber": attempt, "objectId": 502})).json()["stored"]
        for attempt in range(10)
    ]
    assert answers == [2] + [0] * 9
    assert len(woken) == 1


def test_27_the_order_of_events_does_not_matter(ledger: Database, woken: Woken) -> None:
    values = ["subscriber", "lead", "marketingqualifiedlead"]
    story = [{"propertyValue": value, "occurredAt": 1765043528476 + at} for at, value in enumerate(values)]
    assert to_hubspot_door(batch(*reversed(story))).json() == {"stored": 3}
    assert to_hubspot_door(batch(*story)).json() == {"stored": 0}
    # A hint has no value that could be the wrong one: the record is read.
    assert hints() == {("contact", "501")}


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH"])
def test_another_method(method: str, woken: Woken) -> None:
    assert TestClient(app).request(method, HUBSPOT_PATH).status_code == 405


@pytest.mark.parametrize("name", [V3, TIMESTAMP])
def test_a_header_twice(name: str, ledger: Database, woken: Woken) -> None:
    headers = hubspot_headers(BODY)
    assert to_hubspot_door(BODY, [*headers, *(each for each in headers if each[0] == name)]).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY + b" ", id="a blank more"),
        pytest.param(json.dumps([EVENT], separators=(",", ":")).encode(), id="serialised again"),
    ],
)
def test_the_signature_is_over_the_bytes_that_came(body: bytes, ledger: Database, woken: Woken) -> None:
    assert to_hubspot_door(body, hubspot_headers(BODY)).status_code == 401
    assert to_hubspot_door(body).status_code == 200


def test_both_secrets_count_during_rotation_and_one_after(
    ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = hubspot_headers(BODY)
    rotated = {"client_secret": "the-next-one-of-hubspot", "portal_id": PORTAL}
    connect(monkeypatch, "hubspot", rotated | {"previous_client_secret": HUBSPOT_SECRET})
    assert to_hubspot_door(BODY, headers).status_code == 200
    connect(monkeypatch, "hubspot", rotated)
    assert to_hubspot_door(BODY, headers).status_code == 401
