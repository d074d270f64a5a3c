{{ config(materialized='ephemeral') }}

with

leads as not materialized (
    select
        lead_id,
        as_of
    from {{ ref('int_leads') }}
),

activities as not materialized (
    select * from {{ ref('int_activities') }}
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

signals as (
    select * from {{ ref('signals') }}
    where {{ is_in_force() }}
),

held as (
    select * from {{ ref('stg_handoff__held_mqls') }}
),

-- An activity earns the points of one signal: the most specific that matches. One for everything comes last.
matched as (
    select distinct on (activities.lead_id, signals.definition_id, activities.activity_id)
        activities.lead_id,
        signals.definition_id,
        activities.activity_id,
        signals.rule_id,
        signals.label,
        signals.cap_group,
        signals.points,
        signals.half_life_days,
        signals.is_hand_raiser,
        signals.can_trigger,
        activities.kind,
        activities.summary,
        activities.is_inbound,
        activities.occurred_at,
        activities.extracted_at,
        leads.as_of,
        -- What an MQL did grows no older while it is held; what it does meanwhile counts from then on.
        greatest(coalesce(held.held_since, leads.as_of), activities.occurred_at) as aged_until
    from activities
    inner join leads on activities.lead_id = leads.lead_id and activities.occurred_at <= leads.as_of
    inner join signals
        on
            activities.kind = signals.activity_kind
            and {{ subject_matches('activities.subject', 'signals.match_kind', 'signals.match_value') }}
    inner join definitions on signals.definition_id = definitions.definition_id
    left join held on activities.lead_id = held.lead_id and definitions.product_id = held.product_id
    order by
        activities.lead_id, signals.definition_id, activities.activity_id,
        signals.match_kind = 'any', length(signals.match_value) desc, signals.rule_id
),

final as (
    select
        *,
        {{ decayed('points', 'aged_until', 'occurred_at', 'half_life_days') }} as raw_points
    from matched
)

select * from final
