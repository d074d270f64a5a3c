"""Tell the review channel about an effect that was given up, so that a person sees it."""

from datetime import datetime

from handoff.ledger.db import Connection, Row
from handoff.ledger.outbox import Done, Permanent
from handoff.notify.alert import alert
from handoff.notify.text import slack_text


def tell(at: datetime, connection: Connection, row: Row, outcome: Done | Permanent) -> None:
    """Add the message, once per effect, to the transaction that gives the effect up; nothing for one that is done."""
    if isinstance(outcome, Done):
        return
    payload = row["payload"]
    whom = slack_text(payload.get("rep_name") or f"contact {payload.get('contact_id')}", 60)
    text = (
        f"Not delivered: {slack_text(row['kind'], 60)} for {whom}, handoff {slack_text(row['handoff_id'], 60)}. "
        f"Reason: {slack_text(outcome.error, 400)}"
    )
    # Each time that it is given up: somebody may have tried it again.
    alert(connection, f"dead:{row['dedupe_key']}:{at.isoformat()}", text, at, row["handoff_id"])
