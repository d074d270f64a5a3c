"""Slack's conversations.* methods."""

import base64
from typing import Any

from sandbox.company.reference import CHANNELS
from sandbox.slack.arguments import Args, is_true
from sandbox.slack.errors import SlackError
from sandbox.slack.workspace import Workspace


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
            {
                "id": channel,
                "name": name,
                "is_channel": True,
                "is_member": channel not in slack.absent,
                "is_archived": channel in slack.archived,
            }
            for channel, name in CHANNELS.items()
            if channel not in slack.archived or not is_true(args.get("exclude_archived"))
        ]
    if "im" in types:
        people = slack.active_people()
        found += [{"id": "D" + p.slack_id[1:], "is_im": True, "user": p.slack_id} for p in people]
    return {"channels": found, "response_metadata": {"next_cursor": ""}}


def history(slack: Workspace, args: Args) -> Args:
    """Messages of a channel, newest first, replies in threads left out."""
    channel = slack.readable(str(args.get("channel") or ""))
    return _page(slack, args, channel, "channel=? AND (thread_ts IS NULL OR thread_ts=ts)", [channel], newest=True)


def replies(slack: Workspace, args: Args) -> Args:
    """A thread, oldest first."""
    channel, ts = slack.readable(str(args.get("channel") or "")), str(args.get("ts") or "")
    slack.message(channel, ts)
    return _page(slack, args, channel, "channel=? AND (ts=? OR thread_ts=?)", [channel, ts, ts], newest=False)


def _page(slack: Workspace, args: Args, channel: str, where: str, values: list[Any], newest: bool) -> Args:
    limit = _limit(args.get("limit"))
    inclusive = is_true(args.get("inclusive"))
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
    if not is_true(args.get("include_all_metadata")):
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
