"""Give time back to one clock: its pauses, and the deadline that it has then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.route.due import NoCalendar, due_at
from handoff.sync.targets import deadline_target
from handoff.watch.clocks import CLOCKS, open_seconds

UNDELIVERED = timedelta(minutes=1)
"""A message that takes longer than this to go out has cost the rep's time, from the assignment on."""


def until_stop(connection: Connection, assignment_id: int, stopped_at: datetime, as_of: datetime) -> datetime | None:
    """Give back what a message cost that had not gone out when the clock was stopped, and tell the CRM of the deadline.

    Call it in the transaction that writes what stops the clock, under the handoff's lock: `pauses.run` looks at none
    that is over.

    Args:
        stopped_at: up to when time may count, whatever became of the message since.

    Returns: the deadline that counts now; None where it stays as it is.
    """
    spans = _untold(connection, assignment_id, stopped_at)
    if not spans:
        return None
    due = write(connection, spans)
    if spans[0]["is_current"] and due != spans[0]["due_at"]:
        tell_crm(connection, spans[0], due, as_of)
    return due


def until_left(connection: Connection, handoff_id: str, as_of: datetime) -> None:
    """As `until_stop`, for a handoff that goes to another rep, or is taken back, at `as_of`.

    The CRM is not told of a deadline that holds for nobody any more.
    """
    row = connection.execute(
        "select max(assignment_id) as assignment_id from handoff.assignments where handoff_id = %s", (handoff_id,)
    ).fetchone()
    assert row is not None
    spans = _untold(connection, row["assignment_id"], as_of)
    if spans:
        write(connection, spans)


def write(connection: Connection, spans: Sequence[Row]) -> datetime:
    """Note the spans of one clock, and return its deadline then.

    It moves by the business seconds of a span in the rep's calendar, and no more once it has passed.
    """
    due: datetime = spans[0]["due_at"]
    for span in spans:
        due = _moved(connection, span, due)
        connection.execute(
            """insert into handoff.clock_pauses (assignment_id, began_at, ended_at, reason, due_at)
            values (%s, %s, %s, %s, %s)""",
            (span["assignment_id"], span["began_at"], span["ended_at"], span["reason"], due),
        )
    return due


def tell_crm(connection: Connection, clock: Row, due: datetime, as_of: datetime) -> None:
    """Queue the deadline of a clock for the CRM's contact."""
    key = f"hubspot_contact:{clock['handoff_id']}:{clock['assignment_id']}:due:{due.isoformat()}"
    target = deadline_target(clock["lead_id"], due)
    outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, clock["handoff_id"]))


def _untold(connection: Connection, assignment_id: int, until: datetime) -> list[Row]:
    limits = {"assignment": assignment_id, "until": until, "undelivered": UNDELIVERED}
    return connection.execute(_UNTOLD, limits).fetchall()


def _moved(connection: Connection, span: Row, due: datetime) -> datetime:
    if span["began_at"] >= due or not span["seconds"]:
        return due
    try:
        return due_at(connection, span["calendar_id"], span["time_zone"], due, float(span["seconds"]))
    except NoCalendar:
        return due


PIECES = """
select lost.*, lower(piece) as began_at, upper(piece) as ended_at
from lost
cross join lateral (
    select coalesce(range_agg(tstzrange(paused.began_at, paused.ended_at)), '{}') as spans
    from handoff.clock_pauses as paused where paused.assignment_id = lost.assignment_id
) as already
cross join lateral unnest(
    tstzmultirange(lost.span) - already.spans
    - case when lost.reason = 'outage' and lost.told_at > lost.assigned_at + %(undelivered)s
        then tstzmultirange(tstzrange(lost.assigned_at, lost.told_at)) else '{}' end
) as piece
"""
"""What is left of the spans in `lost`. What is paused already is cut out, so that time is given back once, whatever
overlaps and however often this runs."""

# A verdict that was given stands. Where there is no message of ours, none was late.
_UNTOLD = f"""
with lost as (
    select clock.*, 'undelivered' as reason, tstzrange(assigned_at, least(told_at, %(until)s)) as span
    from ({CLOCKS} where assignment.assignment_id = %(assignment)s and told.state is not null) as clock
    where not is_breached and least(told_at, %(until)s) > assigned_at + %(undelivered)s
),
pieces as ({PIECES})
select pieces.*, {open_seconds("pieces", "pieces.began_at", "pieces.ended_at")} as seconds,
    not exists (
        select from handoff.assignments as later
        where later.handoff_id = pieces.handoff_id and later.assignment_id > pieces.assignment_id
    ) as is_current
from pieces order by began_at
"""
