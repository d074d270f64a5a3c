"""SQL about clocks that run: which assignments are still waiting for first contact, and business time between moments.

Business time is looked up in `line.int_open_intervals`, which holds each open interval with the open seconds before it.
"""

from handoff.ledger.open_assignments import IS_OPEN
from handoff.ledger.reps import rep_of
from handoff.notify.digests import HELD

CLOCKS = f"""
select
    assignment.assignment_id, assignment.handoff_id, assignment.rep_id, assignment.assigned_at,
    coalesce(
        (select alias.id from handoff.aliases as alias
        where alias.object_type = 'contacts' and alias.old_id = handoff.lead_id),
        handoff.lead_id
    ) as lead_id,
    handoff.tier_id, handoff.score, handoff.context,
    (handoff.context #>> '{{tier,response_minutes}}')::numeric * 60 as promised_seconds,
    coalesce(
        (select max(pause.due_at) from handoff.clock_pauses as pause
        where pause.assignment_id = assignment.assignment_id),
        assignment.due_at
    ) as due_at,
    rep.calendar_id, rep.time_zone,
    case told.state when 'sent' then told.sent_at when 'dead' then told.last_attempt_at end as told_at,
    coalesce(told.payload ? '{HELD}', false) as was_held,
    exists (
        select from handoff.breaches as breach where breach.assignment_id = assignment.assignment_id
    ) as is_breached
from handoff.assignments as assignment
inner join handoff.handoffs as handoff using (handoff_id)
{rep_of("assignment")}
left join handoff.outbox as told
    on told.dedupe_key = 'slack_dm:' || assignment.handoff_id || ':' || assignment.assignment_id
"""
"""Every assignment, with the calendar that its clock began by. `told_at` is when the rep's message went out, or was
given up; null while neither is so."""

RUNNING = f"""{CLOCKS}
where told.state is distinct from 'pending' and {IS_OPEN}
"""
"""The newest assignment of each handoff that is not over. While the rep's message has not gone out the clock stands; a
message that was given up is told to the review channel, and it runs."""


def open_seconds(row: str, begins: str, ends: str) -> str:
    """An expression: business seconds between two instants in the calendar of `row`, 0 when they are reversed."""
    return f"""(
        select coalesce(sum(extract(epoch from least(shift.closes_at, {ends}) - greatest(shift.opens_at, {begins}))), 0)
        from line.int_open_intervals as shift
        where shift.calendar_id = {row}.calendar_id and shift.time_zone = {row}.time_zone
        and shift.closes_at > {begins} and shift.opens_at < {ends} and {begins} < {ends}
    )"""


def moment(row: str, start: str, seconds: str) -> str:
    """An expression: the earliest instant at which so many business seconds, more than none, have passed since `start`;
    null when the calendar of `row` ends before."""
    return f"""(
        select shift.opens_at + make_interval(secs => (entered.passed + {seconds} - shift.seconds_before)::float8)
        from (
            select first.seconds_before + greatest(extract(epoch from {start} - first.opens_at), 0) as passed
            from line.int_open_intervals as first
            where first.calendar_id = {row}.calendar_id and first.time_zone = {row}.time_zone
            and first.closes_at > {start}
            order by first.closes_at limit 1
        ) as entered
        cross join lateral (
            select interval.opens_at, interval.closes_at, interval.seconds_before
            from line.int_open_intervals as interval
            where interval.calendar_id = {row}.calendar_id and interval.time_zone = {row}.time_zone
            and interval.seconds_before < entered.passed + {seconds}
            order by interval.seconds_before desc limit 1
        ) as shift
        where entered.passed + {seconds} - shift.seconds_before
            <= extract(epoch from shift.closes_at - shift.opens_at)
    )"""
