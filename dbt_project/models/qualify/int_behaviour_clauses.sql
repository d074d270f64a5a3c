{{ config(materialized='ephemeral') }}

with

leads as not materialized (
    select
        lead_id,
        as_of
    from {{ ref('int_leads') }}
),

behaviours as (
    select * from {{ ref('behaviours') }}
    where {{ is_in_force() }}
),

disqualifiers as (
    select * from {{ ref('disqualifiers') }}
    where {{ is_in_force() }} and basis = 'all_activity'
),

-- Leads and acts are added up in one pass by lead, through which a filter on leads reaches every table.
tallies as (
    select leads.lead_id, behaviours.behaviour_id, null::text as rule_id
    from leads
    cross join behaviours
    union all
    select act.lead_id, behaviours.behaviour_id, act.rule_id
    from {{ ref('int_signal_matches') }} as act
    inner join behaviours
        on
            act.definition_id = behaviours.definition_id
            and act.rule_id = any(string_to_array(behaviours.signal_ids, ';'))
            and act.occurred_at > act.aged_until - make_interval(days => behaviours.within_days)
),

seen as (
    select
        tallies.lead_id,
        tallies.behaviour_id,
        case behaviours.counted
            when 'acts' then count(tallies.rule_id)
            when 'signals' then count(distinct tallies.rule_id)
        end as number
    from tallies
    inner join behaviours on tallies.behaviour_id = behaviours.behaviour_id
    group by tallies.lead_id, tallies.behaviour_id, behaviours.counted
),

verdicts as (
    select leads.lead_id, disqualifiers.disqualifier_id, null::boolean as is_match
    from leads
    cross join disqualifiers
    union all
    select
        act.lead_id, disqualifiers.disqualifier_id,
        coalesce(
            act.kind = disqualifiers.field
            and {{ subject_matches('act.subject', 'disqualifiers.operator', 'disqualifiers.value') }}, false
        ) as is_match
    from {{ ref('int_activities') }} as act
    inner join leads on act.lead_id = leads.lead_id and act.occurred_at <= leads.as_of
    cross join disqualifiers
    where act.is_inbound
),

excluded as (
    select lead_id, disqualifier_id, coalesce(bool_and(is_match), false) as is_held
    from verdicts
    group by lead_id, disqualifier_id
),

final as (
    select
        seen.lead_id, behaviours.definition_id, 'behaviour' as clause_kind, behaviours.behaviour_id as clause_id,
        seen.number >= behaviours.min_count as is_held, behaviours.label || ': ' || seen.number || ' seen' as detail
    from seen
    inner join behaviours on seen.behaviour_id = behaviours.behaviour_id
    union all
    select
        excluded.lead_id, disqualifiers.definition_id, 'disqualifier' as clause_kind,
        disqualifiers.disqualifier_id as clause_id, excluded.is_held, disqualifiers.label as detail
    from excluded
    inner join disqualifiers on excluded.disqualifier_id = disqualifiers.disqualifier_id
)

select * from final
