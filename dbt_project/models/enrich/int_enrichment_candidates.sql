{{ config(materialized='view') }}

with

facts as (
    select * from {{ ref('int_lead_facts') }}
    where contact_id = any({{ pending_lead_ids() }})
),

hand_raising as (
    select * from {{ ref('signals') }}
    where {{ is_in_force() }} and is_hand_raiser
),

recent_acts as (
    select
        acts.lead_id,
        max(acts.occurred_at) as occurred_at,
        bool_or(exists (
            select 1 from hand_raising
            where
                acts.kind = hand_raising.activity_kind
                and {{ subject_matches('acts.subject', 'hand_raising.match_kind', 'hand_raising.match_value') }}
        )) as is_hand_raiser
    from {{ ref('int_activity_log') }} as acts
    inner join {{ ref('activity_kinds') }} as activity_kinds on acts.kind = activity_kinds.kind
    where
        acts.lead_id = any({{ pending_lead_ids() }})
        and acts.contact_ids && {{ pending_lead_ids() }}
        and activity_kinds.is_inbound
        and acts.occurred_at >= (select min(go_live.live_at) from {{ ref('stg_handoff__go_live') }} as go_live)
    group by acts.lead_id
),

final as (
    select
        facts.contact_id as lead_id,
        facts.email,
        facts.company_domain as domain,
        facts.needs_person,
        facts.needs_organization,
        rank() over (order by recent_acts.is_hand_raiser desc, recent_acts.occurred_at desc)::int as priority
    from facts
    inner join recent_acts on facts.contact_id = recent_acts.lead_id
    where facts.needs_person or facts.needs_organization
)

select * from final
