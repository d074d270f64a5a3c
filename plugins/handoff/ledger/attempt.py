"""One effect's turn: look if there is a doubt, record the attempt, send, record the outcome.

The vendor has no idempotency key, so the order of steps is what keeps an effect from happening twice: the attempt
is committed before anything is sent, and after an attempt without a clear answer the vendor is asked whether it
arrived before anything is sent again. A killed process leaves `attempts` > 0, which reads as just that.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from handoff import crash
from handoff.ledger.db import Connection, Row
from handoff.ledger.outbox import Done, NotDelivered, Outcome, Permanent, Sender, Unknown

SETTLE = timedelta(seconds=15)
"""How long a request without an answer may still take effect; longer than any client's timeout."""
FRESH_S = 2.0
"""An attempt whose commit took longer than this is not sent: its session may be lost and its lock with it."""
GIVE_UP_AFTER = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=15)
NO_CLEAR_ANSWER = "no clear answer for"
"""Beginning of the reason for which an effect was given up that may have happened."""
RETRIED = "retried_at"
"""Key of the payload: the instant from which a person had it tried again after it was given up."""

Ended = Callable[[Connection, Row, Done | Permanent], None]
"""Called in the transaction that settles an item for good, with its row and what became of it."""


def attempt(
    connection: Connection, outbox_id: int, sender: Sender, now: Callable[[], datetime], on_end: Ended | None
) -> Outcome | None:
    """Give an effect its turn, under its lock; None if it is no longer due."""
    row = connection.execute(
        "select * from handoff.outbox where outbox_id = %s and state = 'pending' and not_before <= %s",
        (outbox_id, now()),
    ).fetchone()
    if row is None:
        return None
    if row["attempts"]:
        try:
            found = sender.look(row["payload"], row["dedupe_key"], row["first_attempt_at"] - timedelta(minutes=1))
        except Exception as problem:
            return _settle(connection, row, Unknown(f"cannot look: {problem}"), now(), on_end)
        crash.point("drain.item.looked")
        if found is not None:
            return _settle(connection, row, found, now(), on_end)
    started, at = time.monotonic(), now()
    row = connection.execute(
        "update handoff.outbox set attempts = attempts + 1, last_attempt_at = %(now)s, not_before = %(until)s, "
        "first_attempt_at = coalesce(first_attempt_at, %(now)s) "
        "where outbox_id = %(id)s and state = 'pending' and not_before <= %(now)s returning *",
        {"id": outbox_id, "now": at, "until": at + SETTLE},
    ).fetchone()
    if row is None:
        return None
    crash.point("drain.item.attempted")
    outcome: Outcome
    if time.monotonic() - started > FRESH_S:
        outcome = NotDelivered("the attempt was recorded too slowly to be sent safely", 1.0)
    else:
        try:
            outcome = sender.send(row["payload"], row["dedupe_key"])
        except Exception as problem:
            outcome = Unknown(f"{type(problem).__name__}: {problem}")
    crash.point("drain.item.answered")
    return _settle(connection, row, outcome, now(), on_end)


def _settle(connection: Connection, row: Row, outcome: Outcome, now: datetime, on_end: Ended | None) -> Outcome:
    """Record the outcome. Only a pending row changes, so a late loser overwrites nothing."""
    began = row["first_attempt_at"] or now
    if RETRIED in row["payload"]:
        began = max(began, datetime.fromisoformat(row["payload"][RETRIED]))
    if isinstance(outcome, Unknown) and now - began > GIVE_UP_AFTER:
        outcome = Permanent(f"{NO_CLEAR_ANSWER} {GIVE_UP_AFTER}: {outcome.error}")
    values: dict[str, Any] = {"id": row["outbox_id"], "now": now}
    if isinstance(outcome, Done):
        values["result"] = Jsonb(outcome.result)
        change = "state = 'sent', sent_at = %(now)s, result = %(result)s, last_error = null"
    elif isinstance(outcome, Permanent):
        values["error"] = outcome.error
        change = "state = 'dead', last_error = %(error)s"
    elif isinstance(outcome, NotDelivered):
        wait = min(timedelta(seconds=max(outcome.retry_after_s, 1.0)), LONGEST_WAIT)
        values |= {"error": outcome.error, "until": now + wait}
        change = "attempts = attempts - 1, not_before = %(until)s, last_error = %(error)s"
    else:
        wait = min(SETTLE * 2 ** min(row["attempts"] - 1, 10), LONGEST_WAIT)
        values |= {"error": outcome.error, "until": now + wait}
        change = "not_before = %(until)s, last_error = %(error)s"
    with connection.transaction():
        changed = connection.execute(
            f"update handoff.outbox set {change} where outbox_id = %(id)s and state = 'pending'", values
        ).rowcount
        if changed and on_end and isinstance(outcome, Done | Permanent):
            on_end(connection, row, outcome)
    crash.point("drain.item.settled")
    return outcome
