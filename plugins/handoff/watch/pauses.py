"""Give back the time that is not the rep's: while nobody had told them of the lead, and while nobody watched."""

from datetime import datetime, timedelta

from handoff import crash
from handoff.ledger import heartbeats, outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import cards, lines
from handoff.route.due import NoCalendar, due_at
from handoff.route.unforeseen import attempt
from handoff.sync.targets import deadline_target
from handoff.watch.clocks import RUNNING, open_seconds
from handoff.watch.lock import lock

OUTAGE = timedelta(minutes=5)
"""The watch looks each minute. If it has not for longer than this, nobody would have been reminded meanwhile."""
UNDELIVERED = timedelta(minutes=1)
"""A message that takes longer than this to go out has cost the rep's time, from the assignment on."""


def beat(connection: Connection, as_of: datetime) -> None:
    """Note that the watch was at work, at the end of a run that did all of it."""
    heartbeats.beat(connection, heartbeats.WATCH, as_of)


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Write the pauses of every running clock, each span once, and move its deadline; returns how many clocks.

    A deadline moves by the business seconds of a span in the rep's calendar, and no more once it has passed.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    limits = {"at": as_of, "outage": as_of - OUTAGE, "undelivered": UNDELIVERED, "watch": heartbeats.WATCH}
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
        due = spans[0]["due_at"]
        for span in spans:
            due = _moved(connection, span, due)
            connection.execute(
                """insert into handoff.clock_pauses (assignment_id, began_at, ended_at, reason, due_at)
                values (%s, %s, %s, %s, %s)""",
                (span["assignment_id"], span["began_at"], span["ended_at"], span["reason"], due),
            )
        crash.point("watch.pause.written")
        if due != spans[0]["due_at"]:
            _tell(connection, spans[-1], due, as_of, room)
    crash.point("watch.pause.committed")
    return True


def _moved(connection: Connection, span: Row, due: datetime) -> datetime:
    if span["began_at"] >= due or not span["seconds"]:
        return due
    try:
        return due_at(connection, span["calendar_id"], span["time_zone"], due, float(span["seconds"]))
    except NoCalendar:
        return due


def _tell(connection: Connection, row: Row, due: datetime, as_of: datetime, room: lines.Room | None) -> None:
    key = f"hubspot_contact:{row['handoff_id']}:{row['assignment_id']}:due:{due.isoformat()}"
    target = deadline_target(row["lead_id"], due)
    outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"]))
    # A card that waited for others was to spare the rep messages; the digest shows the deadline.
    if row["reason"] != "undelivered" or not row["was_held"]:
        lines.moved(connection, row["handoff_id"], row["assignment_id"], row["reason"], as_of, room)
    cards.refresh(connection, row["handoff_id"], as_of)


# What is paused already is cut out, so that time is given back once, whatever overlaps and however often this runs.
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
pieces as (
    select lost.*, lower(piece) as began_at, upper(piece) as ended_at
    from lost
    cross join lateral (
        select coalesce(range_agg(tstzrange(paused.began_at, paused.ended_at)), '{{}}') as spans
        from handoff.clock_pauses as paused where paused.assignment_id = lost.assignment_id
    ) as already
    cross join lateral unnest(
        tstzmultirange(lost.span) - already.spans
        - case when lost.reason = 'outage' and lost.told_at > lost.assigned_at + %(undelivered)s
            then tstzmultirange(tstzrange(lost.assigned_at, lost.told_at)) else '{{}}' end
    ) as piece
)
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
