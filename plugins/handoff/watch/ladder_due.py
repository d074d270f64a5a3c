"""Which steps of which ladders are due, read from the ledger and the agreement as it was when the rep got the lead."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from handoff.ledger.db import Connection, Row
from handoff.watch.clocks import RUNNING, moment, open_seconds
from handoff.watch.ladder import Answers, Step


@dataclass(frozen=True)
class Case:
    """An assignment whose clock runs, with its due steps that were neither taken nor passed over, in their order."""

    assignment_id: int
    handoff_id: str
    rep_id: str
    due_at: datetime
    context: Any
    answers: Answers
    steps: tuple[Step, ...]


def due(connection: Connection, as_of: datetime, assignment_id: int | None = None) -> list[Case]:
    """Every case with a due step, the hottest first: the shortest promise, then the highest score.

    Args:
        assignment_id: of this assignment only.
    """
    rows = connection.execute(_DUE, {"at": as_of, "assignment": assignment_id}).fetchall()
    return [_case(list(steps)) for _, steps in groupby(rows, key=lambda row: int(row["assignment_id"]))]


def _case(rows: list[Row]) -> Case:
    first = rows[0]
    return Case(
        assignment_id=first["assignment_id"],
        handoff_id=first["handoff_id"],
        rep_id=first["rep_id"],
        due_at=first["due_at"],
        context=first["context"],
        answers=Answers(first["is_accepted"], first["is_breached"], first["snoozed_until"]),
        steps=tuple(
            Step(
                row["escalation_id"],
                row["step"],
                float(row["at_percent"]),
                row["action"],
                row["notify"],
                row["was_due_at"],
            )
            for row in rows
        ),
    )


# Before the deadline a step is reckoned from the assignment, from then on from the deadline, which pauses have moved.
# A pause counts if the clock had not reached the step when it began.
_DUE = f"""
with running as materialized (
    {RUNNING} and (%(assignment)s::bigint is null or assignment.assignment_id = %(assignment)s)
),
ahead as (
    select
        running.*, step.escalation_id, step.step, step.at_percent, step.action, step.notify,
        case when step.at_percent < 100 then running.assigned_at else running.due_at end as starts_at,
        running.promised_seconds * (
            case when step.at_percent < 100 then step.at_percent else step.at_percent - 100 end
        ) / 100 as wanted
    from running
    inner join agreement.escalations as step
        on step.tier_id = running.tier_id
        and step.valid_from <= running.assigned_at and running.assigned_at < step.valid_to
    where not exists (
        select from handoff.ladder_steps as taken
        where taken.assignment_id = running.assignment_id and taken.escalation_id = step.escalation_id
    )
),
timed as materialized (
    select ahead.*, case
        when wanted = 0 then starts_at
        else {moment("ahead", "ahead.starts_at", "(ahead.wanted + stood.seconds)")}
    end as was_due_at
    from ahead
    cross join lateral (
        select coalesce(sum(pause.seconds) filter (where pause.reached < ahead.wanted), 0) as seconds
        from (
            select span.seconds, {open_seconds("ahead", "ahead.starts_at", "span.began_at")} - coalesce(
                sum(span.seconds) over (order by span.began_at rows between unbounded preceding and 1 preceding), 0
            ) as reached
            from (
                select began_at, {open_seconds("ahead", "paused.began_at", "paused.ended_at")} as seconds
                from handoff.clock_pauses as paused
                where paused.assignment_id = ahead.assignment_id and paused.began_at >= ahead.starts_at
            ) as span
        ) as pause
    ) as stood
)
select timed.*, said.is_accepted, said.snoozed_until
from timed
cross join lateral (
    select coalesce(bool_or(kind in ('accepted', 'claimed')), false) as is_accepted, max(snoozed_until) as snoozed_until
    from handoff.dispositions as answer
    where answer.handoff_id = timed.handoff_id and answer.assignment_id = timed.assignment_id
) as said
where timed.was_due_at <= %(at)s
order by timed.promised_seconds, timed.score desc, timed.due_at, timed.assignment_id, timed.step
"""
