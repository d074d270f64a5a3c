with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

outbox as (
    select * from {{ ref('stg_handoff__outbox') }}
),

passes as (
    select * from {{ ref('stg_handoff__passes') }}
),

-- A gate that closed twice in a week is one that was closed.
gates as (
    select distinct gate, {{ week_of('evaluated_at') }} as week_starts_on
    from {{ ref('stg_handoff__gates') }}
    where not is_open
),

incidents as (
    select 'drifted' as member, sent_at as occurred_at, handoff_id, 1 as amount
    from outbox
    where kind in ('hubspot_contact', 'hubspot_task') and sent_at is not null and result -> 'drift' <> '{}'
    union all
    select 'given_up' as member, last_attempt_at as occurred_at, handoff_id, 1 as amount
    from outbox
    where state = 'dead' and last_attempt_at is not null
    union all
    select 'quarantined' as member, loaded_at as occurred_at, null as handoff_id, 1 as amount
    from {{ ref('stg_hubspot__quarantine') }}
    union all
    select 'missed' as member, finished_at as occurred_at, null as handoff_id, missed as amount
    from passes
    where kind = 'settle' and missed > 0
    union all
    select 'swept' as member, finished_at as occurred_at, null as handoff_id, missed as amount
    from passes
    where kind = 'sweep' and missed > 0
    union all
    select 'floods' as member, opened_at as occurred_at, null as handoff_id, 1 as amount
    from {{ ref('stg_handoff__floods') }}
),

-- Of each count there is a row in each week of a trial, though nobody is behind it.
counts (dimension) as (
    values ('live_mqls'), ('shadow_mqls'), ('both_mqls'), ('only_live_sqls'), ('only_shadow_sqls')
),

shadow as (
    select
        trials.week_starts_on, trials.definition_id, trials.definition_version, counts.dimension, null as lead_id,
        0 as amount
    from {{ ref('rpt_shadow_definitions') }} as trials
    cross join counts
    union all
    select
        leads.week_starts_on, leads.definition_id, leads.definition_version, counted.dimension, leads.lead_id,
        1 as amount
    from {{ ref('int_shadow_leads') }} as leads
    cross join
        lateral (
            values
            ('live_mqls', leads.is_by_live), ('shadow_mqls', leads.is_by_shadow),
            ('both_mqls', leads.is_by_live and leads.is_by_shadow),
            ('only_live_sqls', leads.is_sql and not leads.is_by_shadow),
            ('only_shadow_sqls', leads.is_sql and not leads.is_by_live)
        ) as counted (dimension, is_so)
    where counted.is_so
),

final as (
    select
        {{ week_of('incidents.occurred_at') }} as week_starts_on, 'health' as figure, 'incident' as dimension,
        incidents.member, handoffs.lead_id, handoffs.handoff_id, incidents.amount
    from incidents
    left join {{ ref('stg_handoff__handoffs') }} as handoffs on incidents.handoff_id = handoffs.handoff_id
    union all
    select
        week_starts_on, 'health' as figure, 'incident' as dimension, 'gates_closed' as member, null as lead_id,
        null as handoff_id, 1 as amount
    from gates
    union all
    select
        shadow.week_starts_on, 'shadow' as figure, shadow.dimension,
        concat_ws(' ', shadow.definition_id, shadow.definition_version) as member, shadow.lead_id,
        null as handoff_id, shadow.amount
    from shadow
)

select * from final
