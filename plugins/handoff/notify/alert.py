"""Tell the review channel about something that a person must see."""

from datetime import datetime

from handoff import connections
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put

REVIEW = "slack_review"
"""Outbox kind with payload `channel`, `text`, and `blocks` if there are any; both escaped."""


def alert(connection: Connection, key: str, text: str, at: datetime, handoff_id: str | None = None) -> None:
    """Queue a message, once for each `key`, in the caller's transaction. What `text` quotes is escaped already."""
    channel = connections.get(connections.SLACK).extra.get("review_channel", "#revenue-review")
    put(connection, Effect(f"{REVIEW}:{key}", REVIEW, {"channel": channel, "text": text}, at, handoff_id))
