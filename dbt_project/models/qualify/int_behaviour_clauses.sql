{{ config(materialized='ephemeral') }}

with

leads as (
    select lead_id from {{ ref('int_leads') }}
),

behaviours as (
    select * from {{ ref('behaviours') }}
    where {{ is_in_force() }}
),

disqualifiers as (
    select * from {{ ref('disqualifiers') }}
    where {{ is_in_force() }} and basis = 'all_activity'
),

required as (
    select
        leads.lead_id, behaviours.definition_id, 'behaviour' as clause_kind, behaviours.behaviour_id as clause_id,
        seen.acts >= behaviours.min_count as is_held,
        behaviours.label || ': ' || seen.acts || ' seen' as detail
    from leads
    cross join behaviours
    cross join lateral (
        select count(*) as acts
        from {{ ref('int_signal_matches') }} as act
        where
            act.lead_id = leads.lead_id
            and act.definition_id = behaviours.definition_id
            and act.rule_id = any(string_to_array(behaviours.signal_ids, ';'))
            and act.occurred_at > {{ as_of() }} - make_interval(days => behaviours.within_days)
    ) as seen
),

excluding as (
    select
        leads.lead_id, disqualifiers.definition_id, 'disqualifier' as clause_kind,
        disqualifiers.disqualifier_id as clause_id,
        coalesce(seen.are_all, false) as is_held,
        disqualifiers.label as detail
    from leads
    cross join disqualifiers
    cross join lateral (
        select
            bool_and(coalesce(
                act.kind = disqualifiers.field
                and {{ subject_matches('act.subject', 'disqualifiers.operator', 'disqualifiers.value') }}, false
            )) as are_all
        from {{ ref('int_activities') }} as act
        where act.lead_id = leads.lead_id and act.is_inbound and act.occurred_at <= {{ as_of() }}
    ) as seen
),

final as (
    select * from required
    union all
    select * from excluding
)

select * from final
