"""Carry effects out, at most once in effect.

The vendor has no idempotency key, so the order of steps is what keeps an effect from happening twice: the attempt
is committed before anything is sent, and after an attempt without a clear answer the vendor is asked whether it
arrived before anything is sent again. A killed process leaves `attempts` > 0, which reads as just that.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from handoff import clock
from handoff.ledger.db import Connection, Row, only_one
from handoff.ledger.outbox import Done, NotDelivered, Outcome, Permanent, Sender, Unknown

SETTLE = timedelta(seconds=15)
"""How long a request without an answer may still take effect; longer than any client's timeout."""
FRESH_S = 2.0
"""An attempt whose commit took longer than this is not sent: its session may be lost and its lock with it."""
BREAKER = 3
"""Failures in a row after which the vendor, not the item, is taken to be the problem."""
BUDGET_S = 20.0
"""Time after which the rest is left to the next run, so that a flood does not hold the line up."""
GIVE_UP_AFTER = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=15)

Buried = Callable[[Connection, Row, str], None]
"""Called in the transaction that gives an item up, with its row and the error."""


def drain(
    connection: Connection,
    kind: str,
    sender: Sender,
    now: Callable[[], datetime] = clock.now,
    on_dead: Buried | None = None,
) -> dict[str, int]:
    """Try every due effect of a kind once, whoever else is draining.

    One bad item never stops the others: it moves back by its own `not_before`. A vendor that fails three times in a
    row, or says that it would refuse everything, ends the drain with the queue kept.

    Args:
        connection: in autocommit; each step commits by itself.

    Returns:
        Counts by label of what took effect, `dead` for items given up now, `pending` for all that still wait.
    """
    counts: Counter[str] = Counter(sent=0, dead=0)
    failures = 0
    started = time.monotonic()
    due = connection.execute(
        "select outbox_id from handoff.outbox where kind = %s and state = 'pending' and not_before <= %s "
        "order by not_before, outbox_id",
        (kind, now()),
    ).fetchall()
    for item in due:
        with only_one(connection, f"outbox:{item['outbox_id']}") as is_free:
            outcome = _attempt(connection, item["outbox_id"], sender, now, on_dead) if is_free else None
        if isinstance(outcome, Done):
            counts[outcome.label] += 1
        counts["dead"] += isinstance(outcome, Permanent)
        failures = failures + 1 if isinstance(outcome, NotDelivered | Unknown) else 0
        if failures >= BREAKER or (isinstance(outcome, NotDelivered) and outcome.is_vendor_wide):
            break
        if time.monotonic() - started > BUDGET_S:
            break
    waiting = connection.execute(
        "select count(*) as n from handoff.outbox where kind = %s and state = 'pending'", (kind,)
    ).fetchone()
    return {**counts, "pending": waiting["n"] if waiting else 0}


def _attempt(
    connection: Connection, outbox_id: int, sender: Sender, now: Callable[[], datetime], on_dead: Buried | None
) -> Outcome | None:
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
            return _settle(connection, row, Unknown(f"cannot look: {problem}"), now(), on_dead)
        if found is not None:
            return _settle(connection, row, found, now(), on_dead)
    started, at = time.monotonic(), now()
    row = connection.execute(
        "update handoff.outbox set attempts = attempts + 1, last_attempt_at = %(now)s, not_before = %(until)s, "
        "first_attempt_at = coalesce(first_attempt_at, %(now)s) "
        "where outbox_id = %(id)s and state = 'pending' returning *",
        {"id": outbox_id, "now": at, "until": at + SETTLE},
    ).fetchone()
    if row is None:
        return None
    outcome: Outcome
    if time.monotonic() - started > FRESH_S:
        outcome = NotDelivered("the attempt was recorded too slowly to be sent safely", 1.0)
    else:
        try:
            outcome = sender.send(row["payload"], row["dedupe_key"])
        except Exception as problem:
            outcome = Unknown(f"{type(problem).__name__}: {problem}")
    return _settle(connection, row, outcome, now(), on_dead)


def _settle(connection: Connection, row: Row, outcome: Outcome, now: datetime, on_dead: Buried | None) -> Outcome:
    """Record the outcome. Only a pending row changes, so a late loser overwrites nothing."""
    if isinstance(outcome, Unknown) and now - (row["first_attempt_at"] or now) > GIVE_UP_AFTER:
        outcome = Permanent(f"no clear answer for {GIVE_UP_AFTER}: {outcome.error}")
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
        if changed and isinstance(outcome, Permanent) and on_dead:
            on_dead(connection, row, outcome.error)
    return outcome
