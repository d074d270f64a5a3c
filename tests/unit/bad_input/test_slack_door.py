"""The bad-input list, A: forged, broken and repeated requests to Slack's door.

Each case carries its number on the list. Whatever is refused leaves no row, and its answer says nothing.
"""

import hmac
import json
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier
from starlette.testclient import TestClient

from handoff.web.app import SLACK_PATH, app
from tests.conftest import Database
from tests.unit.web.doors import (
    FORM,
    PRESSED,
    SLACK_SECRET,
    Headers,
    Woken,
    changed,
    connect,
    form,
    inbox_rows,
    nested,
    slack_headers,
    to_slack_door,
)

SIGNATURE, TIMESTAMP = "x-slack-signature", "x-slack-request-timestamp"
UNCONFIRMED = {"error": "the signature is missing, too old or wrong"}


def signature_of(headers: Headers) -> str:
    return next(str(value) for name, value in headers if name == SIGNATURE)


def resigned(timestamp: str, body: bytes = b"") -> Headers:
    """A timestamp that is signed all the same, as by a sender who has the secret."""
    signed = hmac.new(SLACK_SECRET.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
    return [(SIGNATURE, f"v0={signed}"), (TIMESTAMP, timestamp.encode()), ("content-type", FORM)]


def assert_unconfirmed(body: bytes, headers: Headers) -> None:
    answer = to_slack_door(body, headers)
    assert (answer.status_code, answer.json()) == (401, UNCONFIRMED)
    assert inbox_rows() == []


@pytest.mark.parametrize(
    "name", [pytest.param(SIGNATURE, id="1 no signature"), pytest.param(TIMESTAMP, id="2 no timestamp")]
)
def test_a_missing_header(name: str, ledger: Database, woken: Woken) -> None:
    assert_unconfirmed(form(), changed(slack_headers(form()), name))


@pytest.mark.parametrize(
    "timestamp", ["abc", "", "1.0", "nan", "١٧٠٠", "1" * 400, "1" * 5000, "-1700000000", " ", "0x10"], ids="3 {}".format
)
def test_a_timestamp_that_is_none(timestamp: str, ledger: Database, woken: Woken) -> None:
    assert_unconfirmed(form(), resigned(timestamp, form()))


@pytest.mark.parametrize(("age_s", "status"), [(301, 401), (-302, 401), (298, 200), (-298, 200)], ids="4 {}".format)
def test_a_timestamp_at_the_edge_of_the_window(age_s: int, status: int, ledger: Database, woken: Woken) -> None:
    assert to_slack_door(form(), slack_headers(form(), age_s=age_s)).status_code == status
    assert len(inbox_rows()) == (status == 200)


@pytest.mark.parametrize("change", ["upper", "v1", "63", "65", "non-ascii", "blank", "none", "two"], ids="5 {}".format)
def test_a_signature_in_another_form(change: str, ledger: Database, woken: Woken) -> None:
    headers = slack_headers(form())
    signed = signature_of(headers)
    forms = {
        "upper": "v0=" + signed.removeprefix("v0=").upper(),
        "v1": "v1=" + signed.removeprefix("v0="),
        "63": signed[:-1],
        "65": signed + "0",
        "non-ascii": "v0=" + "ü" * 64,
        "blank": signed.replace("v0=", "v0= "),
        "none": "v0=",
        "two": f"{signed}, {signed}",
    }
    assert_unconfirmed(form(), changed(headers, SIGNATURE, forms[change].encode()))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(form().replace(b"block", b"blocc"), id="6 one byte"),
        pytest.param(form() + b"\n", id="6 a trailing newline"),
        pytest.param(form().replace(b"+", b"%20"), id="6 encoded again"),
        pytest.param(
            urlencode({"payload": json.dumps(PRESSED, separators=(",", ":"))}).encode(), id="6 serialised again"
        ),
        pytest.param(b"", id="6 nothing"),
    ],
)
def test_a_body_that_was_not_signed(body: bytes, ledger: Database, woken: Woken) -> None:
    assert body != form()
    assert_unconfirmed(body, slack_headers(form()))


@pytest.mark.parametrize("body", [b"payload=\xff\xfe", b"\xff", b"payload=%FF%FE"], ids="7 {}".format)
def test_a_signed_body_that_is_no_text(body: bytes, ledger: Database, woken: Woken) -> None:
    assert to_slack_door(body).status_code == 400
    assert inbox_rows() == []


def test_8_the_previous_secret_counts_during_rotation_and_not_after(
    ledger: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = slack_headers(form())
    connect(monkeypatch, "slack", {"signing_secret": "the-next-one-of-slack", "previous_signing_secret": SLACK_SECRET})
    assert to_slack_door(form(), headers).status_code == 200
    connect(monkeypatch, "slack", {"signing_secret": "the-next-one-of-slack"})
    assert to_slack_door(form(), headers).status_code == 401


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP], ids="9 two {}".format)
def test_a_header_twice(name: str, ledger: Database, woken: Woken) -> None:
    headers = slack_headers(form())
    assert_unconfirmed(form(), [*headers, *(each for each in headers if each[0] == name)])


def test_10_the_same_request_twice_is_answered_twice_and_kept_once(ledger: Database, woken: Woken) -> None:
    headers = slack_headers(form())
    assert [to_slack_door(form(), headers).status_code for _ in range(2)] == [200, 200]
    assert len(inbox_rows()) == 1


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""], ids="11 {}".format
)
def test_another_content_type(content_type: str, ledger: Database, woken: Woken) -> None:
    body = json.dumps(PRESSED).encode()
    assert to_slack_door(body, slack_headers(body, content_type=content_type)).status_code == 415
    assert to_slack_door(form(), slack_headers(form(), content_type=f"{FORM}; charset=utf-8")).status_code == 200
    assert len(inbox_rows()) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"ssl=1", 400, id="12 no payload"),
        pytest.param(form() + b"&" + form(), 400, id="12 two payloads"),
        pytest.param(b"payload=", 400, id="12 an empty payload"),
        pytest.param(b"payload=not+json", 400, id="12 no JSON"),
        pytest.param(form(None), 400, id="12 null"),
        pytest.param(form([]), 400, id="12 a list"),
        pytest.param(form({}), 400, id="12 no type"),
        pytest.param(form({"type": 1}), 400, id="12 a type that is no text"),
        pytest.param(form(PRESSED | {"x": "y" * 300_000}), 413, id="12 300 kB"),
        pytest.param(b"payload=" + b"%5B" * 10_000 + b"%5D" * 10_000, 400, id="12 nested 10,000 deep"),
        pytest.param(form(PRESSED | {"x": nested(40)}), 400, id="12 nested 40 deep"),
        pytest.param(b"&".join([b"a=1"] * 40) + b"&" + form(), 400, id="12 many fields"),
    ],
)
def test_a_form_without_one_interaction(body: bytes, status: int, ledger: Database, woken: Woken) -> None:
    answer = to_slack_door(body)
    assert answer.status_code == status
    assert "y" * 10 not in answer.text
    assert inbox_rows() == []


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"type": "something_new"}, id="13 unknown type"),
        pytest.param(PRESSED | {"actions": [{"action_id": "nobody_s"}]}, id="13 unknown action_id"),
        pytest.param({"type": "view_submission", "view": {"callback_id": "nobody_s"}}, id="13 unknown callback_id"),
    ],
)
def test_what_nobody_knows_is_answered_and_counted(payload: object, ledger: Database, woken: Woken) -> None:
    answer = to_slack_door(form(payload))
    assert (answer.status_code, answer.content) == (200, b"")
    assert app.state.answering.counts == {"ignored": 1}
    assert [row["processed_at"] is None for row in inbox_rows()] == [False]
    assert woken == []


def test_14_an_address_is_verified_only_for_slack(ledger: Database, woken: Woken) -> None:
    body = urlencode({"ssl_check": "1", "token": "t"}).encode()
    assert (to_slack_door(body).status_code, to_slack_door(body).content) == (200, b"")
    assert to_slack_door(body, []).status_code == 401
    asked = json.dumps({"type": "url_verification", "token": "t", "challenge": "3eZbrw1a"}).encode()
    answer = to_slack_door(asked, slack_headers(asked, content_type="application/json"))
    assert (answer.status_code, answer.text) == (200, "3eZbrw1a")
    forged = to_slack_door(asked, [("content-type", "application/json")])
    assert forged.status_code == 401
    assert "3eZbrw1a" not in forged.text
    assert inbox_rows() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"], ids="15 {}".format)
def test_another_method(method: str, ledger: Database, woken: Woken) -> None:
    headers = {name: value for name, value in slack_headers(form()) if isinstance(value, str)}
    answer = TestClient(app).request(method, SLACK_PATH, content=form(), headers=headers)
    assert answer.status_code == 405
    assert inbox_rows() == []


def test_what_the_vendor_s_package_signs_is_taken(ledger: Database, woken: Woken) -> None:
    headers = slack_headers(form())
    timestamp = next(str(value) for name, value in headers if name == TIMESTAMP)
    signed = SignatureVerifier(SLACK_SECRET).generate_signature(timestamp=timestamp, body=form())
    assert signed is not None
    assert to_slack_door(form(), changed(headers, SIGNATURE, signed)).status_code == 200
