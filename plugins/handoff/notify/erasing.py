"""What was said of somebody who was erased, taken back: cards say so by themselves, other messages become one word."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from handoff.ledger import outbox
from handoff.ledger.db import Connection
from handoff.notify.cards import LINES

ERASE = "slack_erase"
"""Outbox kind with payload `message`: the dedupe key of a message whose text is replaced."""
ERASED = "[erased]"
"""What stands there afterwards."""
MESSAGES = (*LINES, "slack_note", "slack_review")


def erase(connection: Connection, handoff_id: str, as_of: datetime) -> int:
    """Queue the erasure of each message about a handoff that is no card; returns how many.

    What has not been tried yet is not sent at all; what may have been is looked for, and then erased.
    """
    rows = connection.execute("select outbox_id from handoff.outbox where handoff_id = %s", (handoff_id,)).fetchall()
    return erase_messages(connection, [row["outbox_id"] for row in rows], as_of)


def erase_messages(connection: Connection, outbox_ids: Sequence[int], as_of: datetime) -> int:
    """As `erase`, for those of some effects that are messages; cards are left to say so by themselves."""
    parameters = {"ids": list(outbox_ids), "kinds": list(MESSAGES), "erased": Jsonb({"text": ERASED})}
    connection.execute(
        """update handoff.outbox set state = 'withdrawn', last_error = 'the lead was erased'
        where outbox_id = any(%(ids)s) and kind = any(%(kinds)s) and state = 'pending' and attempts = 0""",
        parameters,
    )
    said = connection.execute(
        """update handoff.outbox set payload = (payload - 'blocks') || %(erased)s
        where outbox_id = any(%(ids)s) and kind = any(%(kinds)s) and payload ? 'text'
        returning dedupe_key, state, handoff_id""",
        parameters,
    ).fetchall()
    effects = [
        outbox.Effect(f"{ERASE}:{row['dedupe_key']}", ERASE, {"message": row["dedupe_key"]}, as_of, row["handoff_id"])
        for row in said
        if row["state"] in ("pending", "sent")
    ]
    return outbox.put(connection, *effects)
