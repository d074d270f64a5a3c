"""The payloads that Slack sends when a person presses a button or submits a modal."""

from typing import Any

from sandbox.company.reference import CHANNELS, TEAM_ID, Owner
from sandbox.slack import blocks
from sandbox.slack.elements import chosen
from sandbox.slack.views import APP_ID, Body

VERIFICATION_TOKEN = "sandbox-verification-token"
"""Of old; an app checks the signature instead."""


class Unfinished(ValueError):
    """Slack's own client would not let the person do this; the message says why."""


def pressed(message: Body, action_id: str, given: object, action_ts: str) -> Body:
    """The entry of `actions` for an element of a message.

    Raises:
        Unfinished: there is no such element, or no such option in it.
    """
    held = blocks.interactive(blocks.named(message.get("blocks") or []))
    there = {str(element.get("action_id")): (block, element) for block, element in held}
    if action_id not in there:
        raise Unfinished(f"no element {action_id!r} in this message: there are {', '.join(there) or 'none'}")
    block, element = there[action_id]
    try:
        choice = chosen(element, given)
    except ValueError as wrong:
        raise Unfinished(str(wrong)) from wrong
    action = {"type": element["type"], "action_id": action_id, "block_id": block["block_id"], "action_ts": action_ts}
    return action | ({"text": element["text"]} if "text" in element else {}) | choice


def block_actions(person: Owner, channel: str, message: Body, action: Body, trigger_id: str, response_url: str) -> Body:
    """A press of an element in a message."""
    whole = {**message, "blocks": blocks.named(message.get("blocks") or [])}
    return _head("block_actions", person, trigger_id) | {
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel,
            "is_ephemeral": False,
        },
        "channel": {"id": channel, "name": CHANNELS.get(channel, "directmessage")},
        "message": whole,
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def view_submission(person: Owner, view: Body, values: dict[str, Any], trigger_id: str) -> Body:
    """A submitted modal; `values` are by block and action, or by action alone.

    Raises:
        Unfinished: an input that must be filled in is empty, or has no such option.
    """
    state: dict[str, dict[str, Body]] = {}
    for block, element in blocks.interactive(view["blocks"]):
        action_id = str(element.get("action_id") or block["block_id"])
        inside = values.get(block["block_id"])
        given = inside.get(action_id) if isinstance(inside, dict) else values.get(action_id)
        try:
            choice = chosen(element, given)
        except ValueError as wrong:
            raise Unfinished(str(wrong)) from wrong
        if block["type"] == "input" and not block.get("optional") and not any(choice.values()):
            raise Unfinished(f"{block['label']['text']!r} must be filled in")
        if element["type"] != "button":
            state.setdefault(block["block_id"], {})[action_id] = {"type": element["type"], **choice}
    head = _head("view_submission", person, trigger_id)
    return head | {"view": {**view, "state": {"values": state}}, "response_urls": []}


def view_closed(person: Owner, view: Body, is_cleared: bool) -> Body:
    """A modal that was closed without being submitted."""
    head = _head("view_closed", person, "")
    del head["trigger_id"]
    return head | {"view": view, "is_cleared": is_cleared}


def _head(kind: str, person: Owner, trigger_id: str) -> Body:
    name = person.email.partition("@")[0]
    return {
        "type": kind,
        "user": {"id": person.slack_id, "username": name, "name": name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": TEAM_ID, "domain": "brightwell"},
        "enterprise": None,
        "is_enterprise_install": False,
    }
