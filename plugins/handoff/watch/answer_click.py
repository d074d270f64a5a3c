"""What somebody pressed or submitted, out of Slack's payload.

Payloads: https://docs.slack.dev/reference/interaction-payloads
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff.notify.card_form import Filled, filled, is_number
from handoff.notify.card_state import ACCEPT, CONTACTED, REJECT, SNOOZE

SUBMIT = "submit"
"""The action of a submitted form."""
ACTIONS = frozenset({ACCEPT, REJECT, SNOOZE, CONTACTED})

Json = dict[str, Any]


@dataclass(frozen=True)
class Click:
    """One answer of one person about one assignment.

    Attributes:
        at: when it was received, which is when it counts.
        channel, ts: the message that was pressed; "" for a form.
        filled: what a form holds.
    """

    action: str
    assignment_id: int
    user_id: str
    at: datetime
    channel: str = ""
    ts: str = ""
    trigger_id: str = ""
    filled: Filled | None = None


def parse(payload: Json, received_at: datetime) -> Click | None:
    """The answer in an interaction; None when it is none of ours, or broken."""
    user_id = text_at(payload, "user", "id")
    if not user_id:
        return None
    if payload.get("type") == "view_submission":
        given = filled(payload["view"]) if isinstance(payload.get("view"), dict) else None
        return Click(SUBMIT, given.assignment_id, user_id, received_at, filled=given) if given else None
    actions = payload.get("actions")
    pressed = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    action, value = text_at(pressed, "action_id"), text_at(pressed, "value")
    if payload.get("type") != "block_actions" or action not in ACTIONS or not is_number(value):
        return None
    return Click(
        action=action,
        assignment_id=int(value),
        user_id=user_id,
        at=received_at,
        channel=text_at(payload, "container", "channel_id"),
        ts=text_at(payload, "container", "message_ts"),
        trigger_id=text_at(payload, "trigger_id"),
    )


def text_at(payload: Json, *path: str) -> str:
    """The text at a path of keys; "" when there is none."""
    found: Any = payload
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
