"""Mark the assignments whose time ran out without first contact; timing goes on after that."""

from datetime import datetime, timedelta

from handoff import crash
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import cards, lines
from handoff.route.unforeseen import attempt
from handoff.sync.targets import status_target
from handoff.watch.lock import lock

INDEX_LAG = timedelta(seconds=60)
"""How long a record that was made in time may take to be found.

HubSpot only says that new and changed records "may take a few moments" to appear in searches.
Source: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
"""


def run(connection: Connection, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Mark what is overdue, each in its own transaction; returns how many.

    A clock is only judged up to the moment to which contacts and every kind of engagement that we may read have been
    read, less what the search index may lag: a call or a lead status of in time that landed late is no breach. What is
    refused would hold every clock for good; where no kind of engagement can be read, nobody is late. Contact at the
    deadline itself is in time, so the breach comes after it. While the rep's message has not gone out, the clock
    stands. Who handed the lead on after the deadline had missed it all the same; what the CRM's contact says is then
    the next rep's.

    Args:
        raised: by handoff, what was raised in this run; what raises here is added.
    """
    overdue = connection.execute(_OVERDUE, {"at": as_of, "assignment": None, "lag": INDEX_LAG}).fetchall()
    room = lines.room(connection, as_of) if overdue else None
    return sum(attempt(raised, row["handoff_id"], _mark, connection, row, as_of, room) or 0 for row in overdue)


def _mark(connection: Connection, row: Row, as_of: datetime, room: lines.Room | None) -> int:
    with connection.transaction():
        new = _write(connection, row, as_of, room)
    crash.point("watch.breach.committed")
    return new


def _write(connection: Connection, row: Row, as_of: datetime, room: lines.Room | None) -> int:
    lock(connection, row["handoff_id"])
    this = {"at": as_of, "assignment": row["assignment_id"], "lag": INDEX_LAG}
    if connection.execute(_OVERDUE, this).fetchone() is None:
        return 0
    connection.execute(
        "insert into handoff.breaches (assignment_id, due_at, marked_at) values (%s, %s, %s)",
        (row["assignment_id"], row["due_at"], as_of),
    )
    crash.point("watch.breach.marked")
    if row["is_current"]:
        key = f"hubspot_contact:{row['handoff_id']}:{row['assignment_id']}:breached"
        target = status_target(row["lead_id"], "breached", None)
        outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"]))
    lines.breached(connection, row["handoff_id"], row["assignment_id"], as_of, room)
    cards.refresh(connection, row["handoff_id"], as_of)
    return 1


_OVERDUE = """
with clocks as (
    select assignment.assignment_id, assignment.handoff_id, handoff.lead_id as routed_lead_id,
        coalesce(
            (select max(pause.due_at) from handoff.clock_pauses as pause
            where pause.assignment_id = assignment.assignment_id),
            assignment.due_at
        ) as due_at
    from handoff.assignments as assignment
    inner join handoff.handoffs as handoff using (handoff_id)
    where (%(assignment)s::bigint is null or assignment.assignment_id = %(assignment)s)
    and assignment.due_at < %(at)s
    and not exists (
        select from handoff.breaches as breach where breach.assignment_id = assignment.assignment_id
    )
    and not exists (
        select from handoff.outbox as told where told.state = 'pending'
        and told.dedupe_key = 'slack_dm:' || assignment.handoff_id || ':' || assignment.assignment_id
    )
)
select clocks.assignment_id, clocks.handoff_id, clocks.due_at, next.assigned_at is null as is_current,
    coalesce(alias.id, clocks.routed_lead_id) as lead_id
from clocks
left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = clocks.routed_lead_id
left join lateral (
    select min(later.assigned_at) as assigned_at from handoff.assignments as later
    where later.handoff_id = clocks.handoff_id and later.assignment_id > clocks.assignment_id
) as next on true
where (next.assigned_at is null or next.assigned_at > clocks.due_at)
and clocks.due_at < %(at)s
and clocks.due_at < (
    select min(cursors.seen_until) - %(lag)s from handoff.cursors
    where cursors.stream in (
        'hubspot_contacts', 'hubspot_calls', 'hubspot_emails', 'hubspot_meetings', 'hubspot_communications'
    )
    and not exists (select from handoff.lacks where lacks.stream = cursors.stream)
    having count(*) filter (where cursors.stream <> 'hubspot_contacts') > 0
)
and not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = clocks.handoff_id and answer.occurred_at <= clocks.due_at
    and (
        answer.kind in ('contacted', 'rejected', 'withdrawn')
        or (answer.kind = 'declined' and answer.assignment_id = clocks.assignment_id and next.assigned_at is not null)
    )
)
order by clocks.due_at, clocks.assignment_id
"""
