"""What was said of somebody who was erased, taken back: cards say so by themselves, other messages become one word."""

from datetime import datetime

from psycopg.types.json import Jsonb

from handoff.ledger import outbox
from handoff.ledger.db import Connection
from handoff.notify.cards import THREAD

ERASE = "slack_erase"
"""Outbox kind with payload `message`: the dedupe key of a message whose text is replaced."""
ERASED = "[erased]"
"""What stands there afterwards."""
MESSAGES = (THREAD, "slack_note", "slack_review")


def erase(connection: Connection, handoff_id: str, as_of: datetime) -> int:
    """Queue the erasure of each message about a handoff that is no card; returns how many.

    What has not been tried yet is not sent at all; what may have been is looked for, and then erased.
    """
    connection.execute(
        """update handoff.outbox set state = 'dead', last_error = 'the lead was erased'
        where handoff_id = %s and kind = any(%s) and state = 'pending' and attempts = 0""",
        (handoff_id, list(MESSAGES)),
    )
    said = connection.execute(
        """update handoff.outbox set payload = (payload - 'blocks') || %s
        where handoff_id = %s and kind = any(%s) and payload ? 'text' returning dedupe_key, state""",
        (Jsonb({"text": ERASED}), handoff_id, list(MESSAGES)),
    ).fetchall()
    effects = [
        outbox.Effect(f"{ERASE}:{row['dedupe_key']}", ERASE, {"message": row["dedupe_key"]}, as_of, handoff_id)
        for row in said
        if row["state"] != "dead"
    ]
    return outbox.put(connection, *effects)
