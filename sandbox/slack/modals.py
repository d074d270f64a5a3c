"""Slack's views.* methods, and what an app's answer to a submission does to the modal."""

import json
from typing import Any

from sandbox import clock
from sandbox.slack.arguments import Args
from sandbox.slack.errors import SlackError
from sandbox.slack.interactions import Interaction
from sandbox.slack.views import View, checked
from sandbox.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


def open_view(slack: Workspace, args: Args) -> Args:
    """A modal for the person whose trigger it is; a view that Slack does not take leaves the trigger as it was."""
    if not args.get("trigger_id"):
        raise SlackError("invalid_trigger_id")
    checked(args.get("view"))
    user = slack.triggers.exchange(str(args["trigger_id"]), clock.ticks())
    return {"view": slack.views.open(user, args["view"], _second()).body}


def update_view(slack: Workspace, args: Args) -> Args:
    """Another content for an open modal."""
    view = slack.views.find(str(args.get("view_id") or ""), str(args.get("external_id") or ""))
    return {"view": slack.views.update(view, args.get("view"), str(args.get("hash") or ""), _second()).body}


def answered(slack: Workspace, view: View, interaction: Interaction) -> None:
    """Do what the app said about a submission: nothing said closes the modal, a failure leaves it as it was."""
    if interaction.shown:
        interaction.shown = TROUBLE
        return
    try:
        said = json.loads(interaction.answer) if interaction.answer.strip() else {}
        _obey(slack, view, said)
    except (SlackError, ValueError, AttributeError, KeyError):
        # An answer that Slack cannot use looks to the person like none at all.
        interaction.shown = TROUBLE


def _obey(slack: Workspace, view: View, said: dict[str, Any]) -> None:
    match said.get("response_action"):
        case "errors":
            ids = {block["block_id"] for block in view.body["blocks"]}
            if unknown := set(said["errors"]) - ids:
                raise ValueError(f"errors for blocks that are not there: {unknown}")
            view.errors = dict(said["errors"])
        case "update":
            slack.views.update(view, said["view"], "", _second())
        case "push":
            slack.views.open(view.user, said["view"], _second(), under=view)
        case "clear":
            slack.views.close(view, whole_stack=True)
        case None:
            slack.views.close(view)
        case other:
            raise ValueError(f"unknown response_action {other!r}")


def _second() -> int:
    return clock.now() // 1000
