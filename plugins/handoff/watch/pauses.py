"""Give back the time that is not the rep's: while nobody had told them of the lead, and while nobody watched."""

from datetime import datetime, timedelta

from handoff import crash
from handoff.ledger import heartbeats
from handoff.ledger.db import Connection
from handoff.notify import cards, lines
from handoff.route.unforeseen import attempt
from handoff.watch import give_back
from handoff.watch.clocks import RUNNING, open_seconds
from handoff.watch.lock import lock

OUTAGE = timedelta(minutes=5)
"""The watch looks each minute. If it has not for longer than this, nobody would have been reminded meanwhile."""


def beat(connection: Connection, as_of: datetime) -> None:
    """Note that the watch was at work, at the end of a run that did all of it."""
    heartbeats.beat(connection, heartbeats.WATCH, as_of)


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Write the pauses of every running clock, each span once, and move its deadline; returns how many clocks.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    limits = {"at": as_of, "outage": as_of - OUTAGE, "undelivered": give_back.UNDELIVERED, "watch": heartbeats.WATCH}
    spans = connection.execute(_SPANS, limits | {"assignment": None}).fetchall()
    paused = 0
    room = lines.room(connection, as_of) if spans else None
    for assignment_id, handoff_id in dict.fromkeys((row["assignment_id"], row["handoff_id"]) for row in spans):
        one = limits | {"assignment": assignment_id}
        paused += attempt(raised, handoff_id, _pause, connection, handoff_id, one, as_of, room) or False
    return paused


def _pause(
    connection: Connection, handoff_id: str, limits: dict[str, object], as_of: datetime, room: lines.Room | None
) -> bool:
    with connection.transaction():
        lock(connection, handoff_id)
        spans = connection.execute(_SPANS, limits).fetchall()
        if not spans:
            return False
        due = give_back.write(connection, spans)
        crash.point("watch.pause.written")
        if due != spans[0]["due_at"]:
            give_back.tell_crm(connection, spans[0], due, as_of)
            # A card that waited for others was to spare the rep messages; the digest shows the deadline.
            if spans[-1]["reason"] != "undelivered" or not spans[-1]["was_held"]:
                lines.moved(connection, handoff_id, spans[-1]["assignment_id"], spans[-1]["reason"], as_of, room)
            cards.refresh(connection, handoff_id, as_of)
    crash.point("watch.pause.committed")
    return True


# A clock that ran out with no step ahead has nothing left to be given.
_SPANS = f"""
with running as materialized (
    {RUNNING} and (%(assignment)s::bigint is null or assignment.assignment_id = %(assignment)s)
),
lost as (
    select running.*, 'undelivered' as reason, tstzrange(assigned_at, told_at) as span
    from running where told_at > assigned_at + %(undelivered)s
    union all
    select running.*, 'outage', tstzrange(greatest(watch.beat_at, assigned_at), %(at)s)
    from running
    inner join handoff.heartbeats as watch on watch.name = %(watch)s and watch.beat_at < %(outage)s
    where assigned_at < %(at)s
),
pieces as ({give_back.PIECES})
select pieces.*, {open_seconds("pieces", "pieces.began_at", "pieces.ended_at")} as seconds
from pieces
where not is_breached or exists (
    select from agreement.escalations as step
    where step.tier_id = pieces.tier_id and step.valid_from <= pieces.assigned_at
    and pieces.assigned_at < step.valid_to
    and not exists (
        select from handoff.ladder_steps as taken
        where taken.assignment_id = pieces.assignment_id and taken.escalation_id = step.escalation_id
    )
)
order by assignment_id, began_at
"""
