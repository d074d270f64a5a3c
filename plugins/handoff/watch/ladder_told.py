"""Tell managers what became of leads whose time ran out, at their next opening: once for a lead, however often it went
on meanwhile, and not at all when it needs nobody any more."""

from datetime import timedelta

from handoff import crash
from handoff.ledger.db import Connection, Row
from handoff.notify.cards import LADDER
from handoff.route.unforeseen import attempt
from handoff.watch.ladder_notes import ACCEPTED, UTC, Note
from handoff.watch.ladder_people import Watch
from handoff.watch.lock import lock

NEWS = timedelta(days=7)
"""What is older than this is no news: longer than any weekend with holidays."""


def run(connection: Connection, watch: Watch, raised: dict[str, Exception]) -> int:
    """Tell what can be told now, the hottest leads first; returns how many notes are new.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    told = 0
    for row in _owed(connection, watch):
        told += attempt(raised, row["handoff_id"], _tell, connection, row["handoff_id"], watch) or False
    return told


def _tell(connection: Connection, handoff_id: str, watch: Watch) -> bool:
    with connection.transaction():
        lock(connection, handoff_id)
        row = next(iter(_owed(connection, watch, handoff_id)), None)
        if row is None:
            return False
        whom = watch.there(row["addressed_to"])
        if not watch.may_tell(whom):
            return False
        note = Note(row["context"], row["was_due_at"], whom.time_zone if whom else UTC, watch.as_of)
        former, present = watch.name(row["rep_id"]), watch.name(row["present_rep_id"])
        if row["skipped_because"] is None:
            text = note.moved(former, present, row["due_at"])
        else:
            text = note.accepted(former) if row["skipped_because"] == ACCEPTED else note.stays(former)
        watch.tell(connection, handoff_id, row["key"], text, whom)
    crash.point("watch.ladder.told")
    return True


def _owed(connection: Connection, watch: Watch, handoff_id: str | None = None) -> list[Row]:
    return connection.execute(
        _OWED, {"since": watch.as_of - NEWS, "handoff": handoff_id, "key": LADDER, "accepted": ACCEPTED}
    ).fetchall()


# Whoever has it now knows. Where nobody is above the rep, the review channel was told of what stays.
_OWED = """
with newest as (
    select distinct on (assignment.handoff_id)
        assignment.handoff_id, assignment.rep_id, step.addressed_to, step.skipped_because,
        coalesce(breach.due_at, step.was_due_at) as was_due_at,
        assignment.assignment_id || ':' || step.escalation_id as key
    from handoff.ladder_steps as step
    inner join handoff.assignments as assignment using (assignment_id)
    left join handoff.breaches as breach using (assignment_id)
    where step.action = 'reassign' and step.taken_at > %(since)s
    and (%(handoff)s::text is null or assignment.handoff_id = %(handoff)s)
    order by assignment.handoff_id, assignment.assignment_id desc, step.taken_at desc
)
select newest.*, present.rep_id as present_rep_id, present.due_at, handoff.context
from newest
inner join handoff.handoffs as handoff using (handoff_id)
cross join lateral (
    select assignment.rep_id, assignment.due_at from handoff.assignments as assignment
    where assignment.handoff_id = newest.handoff_id order by assignment.assignment_id desc limit 1
) as present
where (newest.addressed_to is not null or newest.skipped_because is null or newest.skipped_because = %(accepted)s)
and newest.addressed_to is distinct from present.rep_id
and not exists (
    select from handoff.outbox as said
    where said.dedupe_key in (%(key)s || newest.key, 'slack_review:ladder:' || newest.key)
)
and not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = newest.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
)
order by (handoff.context #>> '{tier,response_minutes}')::int, handoff.score desc, newest.was_due_at, newest.handoff_id
"""
