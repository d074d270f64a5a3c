"""The SQL of a lead's story: rows of `at`, `by`, `who`, `what` and, of a handoff, `weight`."""

from handoff.ledger.db import Connection

HANDOFFS = """
select handoff_id, product_id, definition_id, definition_version, score, qualified_at
from handoff.handoffs where lead_id = any(%(ids)s) order by qualified_at, handoff_id
"""

OF_THE_LEAD = """
select noticed_at as at, 'crm' as by, null as who, 'Contact ' || old_id || ' was merged into ' || id as what
from (
    select *, row_number() over (partition by old_id order by noticed_at) as turn
    from (
        select old_id, id, noticed_at from handoff.aliases where object_type = 'contacts' and id = any(%(ids)s)
        union all
        select old_id, id, noticed_at from handoff.former_aliases where object_type = 'contacts' and id = any(%(ids)s)
    ) as every
) as alias where turn = 1
union all
select decided_at, 'handoff', null,
    'The shadow definition ' || definition_id || ' version ' || definition_version || ' would hand it over: ' || reason
from handoff.shadow_decisions where lead_id = any(%(ids)s)
union all
select held_at, 'handoff', null, 'Held: more MQLs than usual, so a person is asked'
from handoff.flood_leads where lead_id = any(%(ids)s)
union all
select flood.answered_at, 'sales', flood.answered_by, case flood.answer
    when 'released' then 'Hands over what was held' else 'Hands over nothing of what was held' end
from handoff.flood_leads as held inner join handoff.floods as flood using (flood_id)
where held.lead_id = any(%(ids)s) and flood.answer is not null
union all
select asked_at, 'handoff', null, 'Apollo was asked about the ' || subject || ': ' || coalesce(outcome, 'no answer yet')
from handoff.lookups where lead_id = any(%(ids)s)
"""

CONVERSIONS = """
select occurred_at as at, conversion_kind as kind
from line.int_conversions where lead_id = any(%(ids)s) and conversion_kind <> 'mql'
"""

OF_A_HANDOFF = """
with turn as (
    select assignment.*, coalesce(rep.name, assignment.rep_id) as rep_name
    from handoff.assignments as assignment
    left join lateral (
        select name from agreement.reps as rep
        where rep.rep_id = assignment.rep_id and rep.valid_from <= assignment.assigned_at
        order by rep.valid_from desc limit 1
    ) as rep on true
    where assignment.handoff_id = %(handoff)s
)
select message.sent_at as at, 'handoff' as by, null as who, turn.rep_name || ' was told in Slack' as what,
    'plain' as weight
from turn inner join handoff.outbox as message
    on message.dedupe_key = 'slack_dm:' || turn.handoff_id || ':' || turn.assignment_id
where message.state = 'sent'
union all
select message.last_attempt_at, 'handoff', null, turn.rep_name || ' could not be told: ' || message.last_error, 'bad'
from turn inner join handoff.outbox as message
    on message.dedupe_key = 'slack_dm:' || turn.handoff_id || ':' || turn.assignment_id
where message.state = 'dead' and message.last_attempt_at is not null
union all
select step.taken_at, 'handoff', null, case step.action
    when 'remind' then 'Reminded ' when 'warn' then 'Warned ' when 'reassign' then 'Told of the missed deadline: '
    else 'Escalated to ' end || coalesce(person.name, step.addressed_to, turn.rep_name), 'plain'
from turn inner join handoff.ladder_steps as step using (assignment_id)
left join lateral (
    select name from agreement.reps as rep
    where rep.rep_id = step.addressed_to and rep.valid_from <= step.taken_at order by rep.valid_from desc limit 1
) as person on true
where step.skipped_because is null
union all
select breach.due_at, 'handoff', null, 'Deadline missed: ' || turn.rep_name || ' was not in touch', 'bad'
from turn inner join handoff.breaches as breach using (assignment_id)
union all
select pause.began_at, 'handoff', null, 'The clock stands until ' ||
    to_char(pause.ended_at at time zone 'UTC', 'HH24:MI:SS') || ' UTC: ' || case pause.reason
    when 'undelivered' then 'the message was still on its way' else 'Handoff itself stood still' end, 'plain'
from turn inner join handoff.clock_pauses as pause using (assignment_id)
union all
select sent_at, 'crm', null, case
    when result -> 'drift' is not null and result -> 'drift' <> '{}'
    then 'HubSpot keeps what a person chose there: ' ||
        (select string_agg(name, ', ' order by name) from jsonb_object_keys(result -> 'drift') as name)
    else 'HubSpot was brought up to date' end, 'plain'
from handoff.outbox
where handoff_id = %(handoff)s and state = 'sent'
and (kind = 'hubspot_contact' or (kind = 'hubspot_task' and result -> 'drift' <> '{}'))
"""


def are_conversions_built(connection: Connection) -> bool:
    """Whether the marts were built once."""
    row = connection.execute("select to_regclass('line.int_conversions') is not null as yes").fetchone()
    return bool(row and row["yes"])
