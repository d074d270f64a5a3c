"""Slack's interactions as inbox events: which press is which, and what is no interaction."""

import json
from typing import Any

import pytest

from handoff.web.bodies import BadBody, read_form
from handoff.web.slack import challenge, interaction, is_ssl_check
from tests.unit.web.doors import PRESSED, form

AT = "1765043530"
SUBMITTED: dict[str, Any] = {"type": "view_submission", "token": "t", "view": {"id": "V1", "callback_id": "reasons"}}
SHORTCUT: dict[str, Any] = {"type": "shortcut", "callback_id": "open", "token": "t"}


@pytest.mark.parametrize(
    ("payload", "object_type", "object_id"),
    [
        (PRESSED, "block_actions", "press"),
        (SUBMITTED, "view_submission", "reasons"),
        (SHORTCUT, "shortcut", "open"),
        ({"type": "something_new"}, "something_new", ""),
        (PRESSED | {"actions": []}, "block_actions", ""),
        (PRESSED | {"actions": ["x"], "view": 1, "callback_id": 2}, "block_actions", ""),
        (PRESSED | {"actions": [{"action_id": "a" * 3000}]}, "block_actions", "a" * 255),
    ],
)
def test_an_interaction_names_what_was_acted_on(payload: dict[str, Any], object_type: str, object_id: str) -> None:
    body = form(payload)
    event = interaction(read_form(body), AT, body)
    assert (event.source, event.object_type, event.object_id) == ("slack", object_type, object_id)
    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2025-12-06T17:52:10+00:00"
    assert "token" not in event.payload


def test_the_same_request_is_one_event_and_a_second_press_another() -> None:
    body, later = form(), form(PRESSED | {"trigger_id": "9.9.9"})
    first = interaction(read_form(body), AT, body)
    assert interaction(read_form(body), AT, body).event_key == first.event_key
    assert interaction(read_form(later), AT, later).event_key != first.event_key
    assert interaction(read_form(body), "1765043531", body).event_key != first.event_key


@pytest.mark.parametrize("body", [b"payload", b"payload=%FF", b"a=1&" * 20 + b"payload={}", b"\xff=1"])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody):
        read_form(body)


def test_addresses_are_verified_as_slack_asks() -> None:
    assert is_ssl_check([("ssl_check", "1"), ("token", "t")])
    assert not is_ssl_check([("ssl_check", "0")])
    assert challenge(json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"}).encode()) == "abc"
    for other in ({"type": "event_callback", "challenge": "abc"}, {"type": "url_verification"}, [], "x"):
        assert challenge(json.dumps(other).encode()) is None
    assert challenge(b"\xff") is None
