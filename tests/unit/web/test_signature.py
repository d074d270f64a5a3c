"""HubSpot's v3 signature: the vendor's published vectors, and everything that must not pass."""

from datetime import UTC, datetime

import pytest
from hubspot.utils.signature import Signature
from hypothesis import given
from hypothesis import strategies as st

from handoff.web.signature import is_genuine, sign

# hubspot-api-python, tests/spec/utils/test_signature.py, and HubSpot's page on validating requests.
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URI = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
TIMESTAMP = "1693657560000"
SIGNATURE = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
SIGNED_AT = datetime.fromtimestamp(1693657560, UTC)


def check(**changes: object) -> bool:
    request: dict[str, object] = {
        "method": "POST",
        "uri": URI,
        "body": BODY,
        "timestamp": TIMESTAMP,
        "signature": SIGNATURE,
        "as_of": SIGNED_AT,
    }
    secrets = changes.pop("secrets", [SECRET])
    return is_genuine(secrets, **(request | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [(TIMESTAMP, SIGNATURE), ("1700000300000", "RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=")],
)
def test_published_vectors(timestamp: str, signature: str) -> None:
    assert sign(SECRET, "POST", URI, BODY, timestamp) == signature


@given(st.text(min_size=1, max_size=40), st.integers(0, 10**13), st.text(max_size=200))
def test_it_signs_as_the_vendor_s_package_does(secret: str, timestamp: int, body: str) -> None:
    theirs = Signature.get_signature(secret, body, "v3", URI, "POST", str(timestamp))
    assert sign(secret, "POST", URI, body.encode(), str(timestamp)) == theirs


def test_a_genuine_request_passes() -> None:
    assert check()


def test_both_secrets_pass_during_rotation() -> None:
    assert check(secrets=["the-new-one", SECRET])
    assert not check(secrets=["the-new-one", ""])


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"uri": "http://www.example.com/webhook_uri"},
        {"uri": URI + "?a=1"},
        {"body": BODY + b"\n"},
        {"signature": None},
        {"signature": ""},
        {"signature": SIGNATURE.lower()},
        {"signature": "ü" * 44},
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": "abc"},
        {"timestamp": "1693657560000.0"},
        {"timestamp": "١٦٩٣٦٥٧٥٦٠٠٠٠"},
        {"timestamp": "-1693657560000"},
        {"timestamp": "1" * 5000},
        {"timestamp": "1693657560"},
        {"secrets": [""]},
        {"secrets": [""], "signature": sign("", "POST", URI, BODY, TIMESTAMP)},
        {"secrets": []},
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
        (-59, True),
        (-60, True),
        (-60.5, False),
        (-61, False),
        (-299, False),
    ],
)
def test_the_window_is_five_minutes_and_one_of_the_future(seconds: float, genuine: bool) -> None:
    assert check(as_of=datetime.fromtimestamp(1693657560 + seconds, UTC)) is genuine


def test_only_the_documented_escapes_are_decoded() -> None:
    plain = sign(SECRET, "POST", URI + "?q=a:b@c&d=%20", BODY, TIMESTAMP)
    assert sign(SECRET, "POST", URI + "?q=a%3Ab%40c&d=%20", BODY, TIMESTAMP) == plain
    assert sign(SECRET, "POST", URI + "?q=a:b@c&d= ", BODY, TIMESTAMP) != plain


@given(st.integers(min_value=0, max_value=len(BODY) * 8 - 1))
def test_one_changed_bit_is_refused(bit: int) -> None:
    body = bytearray(BODY)
    body[bit // 8] ^= 1 << (bit % 8)
    assert not check(body=bytes(body))
