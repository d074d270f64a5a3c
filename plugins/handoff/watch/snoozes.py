"""Bring cards up to date once a snooze has ended: they say that it is quiet, and cannot be snoozed again."""

from datetime import datetime

from handoff.ledger.db import Connection
from handoff.notify import cards
from handoff.route.unforeseen import attempt
from handoff.watch.clocks import RUNNING
from handoff.watch.lock import lock


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Bring up to date what has not been since the snooze of whoever has the lead ended by `as_of`; returns how many
    updates are new.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    rows = connection.execute(_ENDED, {"at": as_of, "update": cards.UPDATE}).fetchall()
    return sum(attempt(raised, row["handoff_id"], _refresh, connection, row["handoff_id"], as_of) or 0 for row in rows)


def _refresh(connection: Connection, handoff_id: str, as_of: datetime) -> int:
    with connection.transaction():
        lock(connection, handoff_id)
        return cards.refresh(connection, handoff_id, as_of)


_ENDED = f"""
select running.handoff_id
from ({RUNNING}) as running
where exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = running.handoff_id and answer.assignment_id = running.assignment_id
    and answer.snoozed_until <= %(at)s
    and not exists (
        select from handoff.outbox as said
        where said.handoff_id = answer.handoff_id and said.kind = %(update)s and said.created_at >= answer.snoozed_until
    )
)
order by running.handoff_id
"""
