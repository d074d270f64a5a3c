"""Slack's conversations.* methods, and views.open."""

import base64
import json
from typing import Any

from sandbox.company.reference import CHANNELS
from sandbox.slack import blocks
from sandbox.slack.workspace import SlackError, Workspace

Args = dict[str, Any]


def open_dm(slack: Workspace, args: Args) -> Args:
    """The direct conversation with one person."""
    users = [user for user in str(args.get("users") or "").split(",") if user]
    if args.get("channel") and not users:
        return {"no_op": True, "already_open": True, "channel": {"id": slack.channel(str(args["channel"]))}}
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    channel = slack.dm_of(users[0])
    return {"channel": {"id": channel, "is_im": True, "user": users[0]} if args.get("return_im") else {"id": channel}}


def list_all(slack: Workspace, args: Args) -> Args:
    """Channels, and direct conversations when asked for."""
    types = str(args.get("types") or "public_channel").split(",")
    found: list[Args] = []
    if "public_channel" in types:
        found += [
            {"id": c, "name": n, "is_channel": True, "is_member": True, "is_archived": False}
            for c, n in CHANNELS.items()
        ]
    if "im" in types:
        found += [
            {"id": "D" + p.slack_id[1:], "is_im": True, "user": p.slack_id} for p in slack.people() if not p.archived
        ]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


def history(slack: Workspace, args: Args) -> Args:
    """Messages of a channel, newest first, replies in threads left out."""
    channel = slack.channel(str(args.get("channel") or ""))
    return _page(slack, args, channel, "channel=? AND (thread_ts IS NULL OR thread_ts=ts)", [channel], newest=True)


def replies(slack: Workspace, args: Args) -> Args:
    """A thread, oldest first."""
    channel, ts = slack.channel(str(args.get("channel") or "")), str(args.get("ts") or "")
    slack.message(channel, ts)
    return _page(slack, args, channel, "channel=? AND (ts=? OR thread_ts=?)", [channel, ts, ts], newest=False)


def _page(slack: Workspace, args: Args, channel: str, where: str, values: list[Any], newest: bool) -> Args:
    limit = _limit(args.get("limit"))
    inclusive = str(args.get("inclusive", "")).lower() in ("true", "1")
    for name, comparison in (("oldest", ">"), ("latest", "<")):
        if args.get(name):
            where += f" AND CAST(ts AS REAL) {comparison}{'=' if inclusive else ''} ?"
            values.append(_ts(str(args[name])))
    if args.get("cursor"):
        where += f" AND ts {'<' if newest else '>'} ?"
        values.append(_uncursor(str(args["cursor"])))
    where += f" ORDER BY ts {'DESC' if newest else 'ASC'} LIMIT ?"
    found = [message for _, message in slack.messages(where, *values, limit + 1)]
    more, found = len(found) > limit, found[:limit]
    if str(args.get("include_all_metadata", "")).lower() not in ("true", "1"):
        found = [{k: v for k, v in message.items() if k != "metadata"} for message in found]
    for message in found:
        emoji = slack.reactions.get((channel, message["ts"]))
        if emoji:
            message["reactions"] = [{"name": n, "users": sorted(u), "count": len(u)} for n, u in emoji.items()]
    cursor = base64.b64encode(f"next_ts:{found[-1]['ts']}".encode()).decode() if more else ""
    return {"messages": found, "has_more": more, "response_metadata": {"next_cursor": cursor}}


def _limit(given: object) -> int:
    text = str(given or 100)
    if not text.isdecimal() or not 1 <= int(text) <= 999:
        raise SlackError("invalid_limit")
    return int(text)


def _ts(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None


def _uncursor(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().removeprefix("next_ts:")
    except ValueError:
        raise SlackError("invalid_cursor") from None


def open_view(slack: Workspace, args: Args) -> Args:
    """A modal; it is checked and answered, and shown to nobody."""
    view = args.get("view")
    if not args.get("trigger_id"):
        raise SlackError("invalid_trigger_id")
    if not isinstance(view, dict) or view.get("type") != "modal":
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view"])
    if len(json.dumps(view).encode()) > 250_000:
        raise SlackError("view_too_large")
    wrong = blocks.faults(view.get("blocks"), blocks.MOST_VIEW_BLOCKS)
    if len(str((view.get("title") or {}).get("text", ""))) > 24:
        wrong.append("[ERROR] must be less than 25 characters [json-pointer:/view/title/text]")
    if wrong:
        raise SlackError("invalid_arguments", wrong)
    return {"view": {"id": "V0SANDBOX0", "hash": "1.sandbox", **view}}
