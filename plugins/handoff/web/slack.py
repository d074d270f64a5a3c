"""What people press and submit in Slack, as inbox events; read by whoever handles the buttons."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from handoff.ledger.inbox import SLACK, Event
from handoff.web.bodies import BadBody, read_json

LONGEST_ID = 255
"""Characters: Slack's limit for an `action_id` and a `callback_id`."""
LEFT_OUT = frozenset({"token", "message", "state"})
"""Of a payload: a credential that the signature has replaced, and what the pressed message says, which the ledger knows
and which would outlive the erasure of whom it is about."""


def is_ssl_check(fields: Sequence[tuple[str, str]]) -> bool:
    """Whether this only asks if the address has a certificate, which Slack does when an address is entered."""
    return ("ssl_check", "1") in fields


def challenge(body: bytes) -> str | None:
    """What Slack wants to have back when it verifies an address; None when this body asks no such thing.

    See https://docs.slack.dev/reference/events/url_verification
    """
    try:
        value = read_json(body)
    except BadBody:
        return None
    asked = value.get("challenge") if isinstance(value, dict) and value.get("type") == "url_verification" else None
    return asked if isinstance(asked, str) else None


def interaction(fields: Sequence[tuple[str, str]], timestamp: str, body: bytes) -> Event:
    """The interaction in a form's one `payload`, whatever its type and action.

    Args:
        timestamp: the signed header's text, seconds since 1970; with the raw body it tells two presses apart, and
            makes one of a request that arrives twice.

    `LEFT_OUT` is not in its payload.

    Raises:
        BadBody: no payload, several, or one that is no interaction.
    """
    payloads = [value for name, value in fields if name == "payload"]
    if len(payloads) != 1:
        raise BadBody(f"the form has {len(payloads)} payloads instead of one")
    payload = read_json(payloads[0])
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        raise BadBody("the payload is no interaction")
    return Event(
        source=SLACK,
        event_key=sha256(timestamp.encode() + body).hexdigest(),
        object_type=payload["type"][:LONGEST_ID],
        object_id=_acted_on(payload)[:LONGEST_ID],
        occurred_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(timestamp)),
        payload={name: value for name, value in payload.items() if name not in LEFT_OUT},
    )


def _acted_on(payload: dict[str, Any]) -> str:
    """The action's or the form's own id; "" for an interaction that has neither."""
    actions, view = payload.get("actions"), payload.get("view")
    first = actions[0] if isinstance(actions, list) and actions else None
    named = (
        first.get("action_id") if isinstance(first, dict) else None,
        payload.get("callback_id"),
        view.get("callback_id") if isinstance(view, dict) else None,
    )
    return next((each for each in named if isinstance(each, str)), "")
