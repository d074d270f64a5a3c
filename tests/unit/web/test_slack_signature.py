"""Slack's v0 signature: the vendor's published vector and package, and everything that must not pass."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from handoff.web.slack_signature import is_genuine, sign

# https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TIMESTAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SIGNED_AT = datetime.fromtimestamp(1531420618, UTC)


def check(**changes: object) -> bool:
    request: dict[str, object] = {
        "body": BODY,
        "timestamp": TIMESTAMP,
        "signature": SIGNATURE,
        "as_of": SIGNED_AT,
    }
    secrets = changes.pop("secrets", [SECRET])
    return is_genuine(secrets, **(request | changes))  # type: ignore[arg-type]


def test_the_published_vector() -> None:
    assert sign(SECRET, TIMESTAMP, BODY) == SIGNATURE
    assert check()


@given(st.text(min_size=1, max_size=40).filter(str.strip), st.integers(0, 10**10), st.text(max_size=200))
def test_it_signs_as_the_vendor_s_package_does(secret: str, timestamp: int, body: str) -> None:
    ours = sign(secret, str(timestamp), body.encode("utf-8", "replace"))
    theirs = SignatureVerifier(secret).generate_signature(
        timestamp=str(timestamp), body=body.encode("utf-8", "replace")
    )
    assert ours == theirs


def test_both_secrets_pass_during_rotation() -> None:
    assert check(secrets=["the-new-one", SECRET])
    assert not check(secrets=["the-new-one", ""])


@pytest.mark.parametrize(
    "changes",
    [
        {"body": BODY + b"\n"},
        {"signature": None},
        {"signature": ""},
        {"signature": SIGNATURE.removeprefix("v0=")},
        {"secrets": []},
        {"secrets": [""], "signature": sign("", TIMESTAMP, BODY)},
        {"timestamp": "1531420618000"},
    ],
    ids=str,
)
def test_anything_else_is_refused(changes: dict[str, object]) -> None:
    assert not check(**changes)


@pytest.mark.parametrize(
    ("seconds", "genuine"),
    [
        (299, True),
        (300, True),
        (300.5, False),
        (301, False),
        (-299, True),
        (-300, True),
        (-300.5, False),
        (-301, False),
    ],
)
def test_the_window_is_five_minutes_both_ways(seconds: float, genuine: bool) -> None:
    assert check(as_of=datetime.fromtimestamp(1531420618 + seconds, UTC)) is genuine


@given(st.integers(min_value=0, max_value=len(BODY) * 8 - 1))
def test_one_changed_bit_is_refused(bit: int) -> None:
    body = bytearray(BODY)
    body[bit // 8] ^= 1 << (bit % 8)
    assert not check(body=bytes(body))


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_breaks_it(timestamp: str, signature: str) -> None:
    assert not check(timestamp=timestamp, signature=signature)
