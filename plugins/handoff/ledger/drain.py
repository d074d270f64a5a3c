"""Carry out what is due of one kind: the most urgent first, nobody starved, and no item in the way of the others."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from handoff import clock
from handoff.ledger.attempt import Ended, attempt
from handoff.ledger.db import Connection, Row, only_one
from handoff.ledger.outbox import NEVER, Done, NotDelivered, Permanent, Sender, Unknown

BREAKER = 3
"""Failures in a row after which the vendor, not the item, is taken to be the problem."""
BUDGET_S = 20.0
"""Time after which the rest is left to the next run, so that a flood does not hold the line up."""
STARVED = 4
"""Of so many turns at least one goes to what has been due longest."""

# The shorter the promise, the hotter the lead; then by score. Contexts are compared as JSON, so that one that cannot
# be read as a number only comes at another place. What holds the cards of several handoffs is as hot as its first.
_DUE = """
with due as (
    select effect.outbox_id, effect.attempts,
        row_number() over (
            order by handoff.context #> '{tier,response_minutes}', handoff.score desc nulls last,
                effect.not_before, effect.outbox_id
        ) as by_heat,
        row_number() over (order by effect.not_before, effect.outbox_id) as by_age
    from handoff.outbox as effect
    left join handoff.outbox as first on first.dedupe_key = effect.payload #>> '{cards,0}'
    left join handoff.handoffs as handoff on handoff.handoff_id = coalesce(effect.handoff_id, first.handoff_id)
    where effect.kind = %(kind)s and effect.state = 'pending' and effect.not_before <= %(now)s
)
select outbox_id, attempts > 0 as is_doubtful from due order by least(by_heat, %(starved)s * by_age), by_heat
"""


def drain(
    connection: Connection,
    kind: str,
    sender: Sender,
    now: Callable[[], datetime] = clock.now,
    on_end: Ended | None = None,
    gives_way: Callable[[], bool] | None = None,
) -> dict[str, int]:
    """Try every due effect of a kind once, whoever else is draining: the hottest lead's first, see `attempt` for how.

    One bad item never stops the others: it moves back by its own `not_before`. A vendor that fails three times in a
    row, or says that it would refuse everything, ends the drain with the queue kept. A vendor that cannot be asked
    about earlier attempts holds back these alone.

    Args:
        connection: in autocommit; each step commits by itself.
        gives_way: asked before each item: whether something more urgent waits for this drain's end.

    Returns:
        Counts by label of what took effect, `dead` for items given up now, `pending` for all that still wait for a turn
        of their own.
    """
    counts: Counter[str] = Counter(sent=0, dead=0)
    failures = {"doubtful": 0, "new": 0}
    started = time.monotonic()
    for item in _due(connection, kind, now()):
        lane = "doubtful" if item["is_doubtful"] else "new"
        if failures[lane] >= BREAKER:
            continue
        if gives_way and gives_way():
            break
        with only_one(connection, f"outbox:{item['outbox_id']}") as is_free:
            outcome = attempt(connection, item["outbox_id"], sender, now, on_end) if is_free else None
        if isinstance(outcome, Done):
            counts[outcome.label] += 1
        counts["dead"] += isinstance(outcome, Permanent)
        failures[lane] = failures[lane] + 1 if isinstance(outcome, NotDelivered | Unknown) else 0
        if failures["new"] >= BREAKER or (isinstance(outcome, NotDelivered) and outcome.is_vendor_wide):
            break
        if time.monotonic() - started > BUDGET_S:
            break
    waiting = connection.execute(
        "select count(*) as n from handoff.outbox where kind = %s and state = 'pending' and not_before < %s",
        (kind, NEVER),
    ).fetchone()
    return {**counts, "pending": waiting["n"] if waiting else 0}


def _due(connection: Connection, kind: str, now: datetime) -> list[Row]:
    return connection.execute(_DUE, {"kind": kind, "now": now, "starved": STARVED}).fetchall()
