"""Slack's chat.* methods, and reactions.add."""

import json

from sandbox.company.reference import BOT_ID
from sandbox.slack import blocks
from sandbox.slack.arguments import Args, required
from sandbox.slack.errors import SlackError
from sandbox.slack.workspace import Ephemeral, Workspace

METADATA_BYTES = 8000
URL = "https://brightwell.slack.example/"


def content(args: Args) -> Args:
    """What a message holds: text, and blocks with ids.

    Raises:
        SlackError: `invalid_blocks` with messages, `no_text`, `msg_too_long`.
    """
    body: Args = {}
    text, given = args.get("text"), args.get("blocks")
    if given:
        wrong = blocks.faults(given)
        if wrong:
            raise SlackError("invalid_blocks", wrong)
        body["blocks"] = blocks.named(given)
    if not text and not given and not args.get("attachments"):
        raise SlackError("no_text")
    if text is not None and len(str(text)) > 40_000:
        raise SlackError("msg_too_long")
    body["text"] = str(text or "")
    if args.get("attachments"):
        body["attachments"] = args["attachments"]
    return body


def _metadata(args: Args) -> Args | None:
    given = args.get("metadata")
    if given is None or given == "":
        return None
    if not isinstance(given, dict):
        raise SlackError("invalid_metadata_format")
    if given == {}:
        return {}
    if not isinstance(given.get("event_type"), str) or not isinstance(given.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(given).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return given


def post_message(slack: Workspace, args: Args) -> Args:
    """A new message; the rate holds per channel."""
    channel = slack.writable(required(args, "channel", "channel_not_found"), by_name=True)
    body, metadata = content(args), _metadata(args)
    slack.admit("chat.postMessage", channel)
    if metadata:
        body["metadata"] = metadata
    message = slack.post(channel, BOT_ID, body, args.get("thread_ts"))
    return {"channel": channel, "ts": message["ts"], "message": message}


def update(slack: Workspace, args: Args) -> Args:
    """Change the bot's own message: text alone drops the blocks, metadata stays unless given."""
    channel = slack.writable(required(args, "channel", "channel_not_found"))
    message = slack.message(channel, required(args, "ts", "message_not_found"))
    if message["user"] != BOT_ID:
        raise SlackError("cant_update_message")
    if len(str(args.get("text") or "")) > 4000:
        raise SlackError("msg_too_long")
    body, metadata = content(args), _metadata(args)
    message = rewritten(message, body)
    if metadata == {}:
        message.pop("metadata", None)
    elif metadata:
        message["metadata"] = metadata
    slack.replace(channel, message)
    return {"channel": channel, "ts": message["ts"], "text": message["text"], "message": message}


def rewritten(message: Args, body: Args) -> Args:
    """A message with other content; what else it carries stays."""
    kept = {k: v for k, v in message.items() if k not in ("blocks", "text", "attachments")}
    return kept | body | {"edited": {"user": BOT_ID, "ts": message["ts"]}}


def post_ephemeral(slack: Workspace, args: Args) -> Args:
    """A message for one person's eyes, that no history ever shows."""
    channel = slack.writable(required(args, "channel", "channel_not_found"))
    user = required(args, "user", "user_not_in_channel")
    if user not in (person.slack_id for person in slack.active_people()):
        raise SlackError("user_not_in_channel")
    message = {"type": "message", "user": BOT_ID, "ts": slack.stamp(), **content(args)}
    slack.ephemeral.append(Ephemeral(channel, user, message))
    return {"message_ts": message["ts"]}


def delete(slack: Workspace, args: Args) -> Args:
    """Remove the bot's own message."""
    channel = slack.writable(required(args, "channel", "channel_not_found"))
    ts = required(args, "ts", "message_not_found")
    if slack.message(channel, ts)["user"] != BOT_ID:
        raise SlackError("cant_delete_message")
    slack.delete(channel, ts)
    return {"channel": channel, "ts": ts}


def permalink(slack: Workspace, args: Args) -> Args:
    """The address of a message."""
    channel = slack.channel(required(args, "channel", "channel_not_found"))
    ts = required(args, "message_ts", "message_not_found")
    slack.message(channel, ts)
    return {"channel": channel, "permalink": f"{URL}archives/{channel}/p{ts.replace('.', '')}"}


def add_reaction(slack: Workspace, args: Args) -> Args:
    """An emoji under a message, once."""
    channel = slack.writable(required(args, "channel", "channel_not_found"))
    ts = required(args, "timestamp", "no_item_specified")
    slack.message(channel, ts)
    users = slack.reactions.setdefault((channel, ts), {}).setdefault(required(args, "name", "invalid_name"), set())
    if BOT_ID in users:
        raise SlackError("already_reacted")
    users.add(BOT_ID)
    return {}
