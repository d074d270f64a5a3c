"""Tell the review channel about something that a person must see."""

from datetime import datetime

from handoff import connections
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put

REVIEW = "slack_review"
"""Outbox kind with payload `channel`, `text`, and `blocks` if there are any, both escaped; or with `flood_id`, for a
question that is rendered when it is sent."""


def alert(connection: Connection, key: str, text: str, at: datetime, handoff_id: str | None = None) -> bool:
    """Queue a message, once for each `key`, in the caller's transaction; whether it is new. What `text` quotes is
    escaped already."""
    payload = {"channel": review_channel(), "text": text}
    return put(connection, Effect(f"{REVIEW}:{key}", REVIEW, payload, at, handoff_id)) > 0


def review_channel() -> str:
    """The review channel's name, as the connection to Slack has it."""
    return str(connections.get(connections.SLACK).extra.get("review_channel", "#revenue-review"))
