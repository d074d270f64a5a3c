"""The SQL of the page of open handoffs."""

# A deadline may have been moved by pauses. While the rep's message is on its way the clock stands; it runs when the
# message was given up.
OPEN = """
with open_ones as materialized (
    select handoff_id, lead_id, tier_id, score, coalesce(context #>> '{attribution,latest_source}', '') as source
    from handoff.handoffs as handoff
    where not exists (
        select from handoff.dispositions as ending
        where ending.handoff_id = handoff.handoff_id and ending.kind in ('contacted', 'rejected', 'withdrawn')
    )
)
select
    handoff.handoff_id, handoff.lead_id, handoff.tier_id as tier, handoff.score, handoff.source,
    given.rep_id as rep, given.assignment_id, given.pool_id, given.turn, given.assigned_at,
    coalesce(paused.due_at, given.due_at) as due_at,
    coalesce(card.state = 'pending', false) as is_untold, coalesce(card.state = 'dead', false) as is_undelivered,
    coalesce(said.is_accepted, false) as is_accepted, coalesce(said.is_claimed, false) as is_claimed,
    coalesce(said.snoozed_until > %(at)s, false) as is_snoozed,
    exists (select from handoff.ladder_steps as step where step.assignment_id = given.assignment_id) as is_reminded
from open_ones as handoff
cross join lateral (
    select assignment.*, count(*) over () as turn from handoff.assignments as assignment
    where assignment.handoff_id = handoff.handoff_id order by assignment_id desc limit 1
) as given
left join lateral (
    select max(pause.due_at) as due_at from handoff.clock_pauses as pause
    where pause.assignment_id = given.assignment_id
) as paused on true
left join lateral (
    select bool_or(kind = 'accepted') as is_accepted, bool_or(kind = 'claimed') as is_claimed,
        max(snoozed_until) as snoozed_until
    from handoff.dispositions as answer
    where answer.handoff_id = handoff.handoff_id and answer.assignment_id = given.assignment_id
) as said on true
left join handoff.outbox as card
    on card.dedupe_key = 'slack_dm:' || handoff.handoff_id || ':' || given.assignment_id
"""
"""One row for each handoff that is not over, with the assignment in force."""

TEAMS = """
select given.assignment_id, array_agg(distinct member.pool_id order by member.pool_id) as pool_ids
from handoff.assignments as given
inner join agreement.pool_members as member on member.rep_id = given.rep_id
    and member.valid_from <= given.assigned_at and given.assigned_at < member.valid_to
where given.assignment_id = any(%(owned)s) group by given.assignment_id
"""
"""Of assignments that no pool gave, those of an account's, a deal's or a contact's owner: the teams that the rep was in
on that day, so that whoever leads one of them sees the lead."""
