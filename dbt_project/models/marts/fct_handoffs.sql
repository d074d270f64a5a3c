with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

assignments as (
    select * from {{ ref('int_current_assignments') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

answers as (
    select
        handoff_id,
        min(occurred_at) filter (where kind = 'contacted') as contacted_at,
        min(occurred_at) filter (where kind = 'accepted') as accepted_at,
        min(occurred_at) filter (where kind = 'rejected') as rejected_at,
        min(reason_id) filter (where kind = 'rejected') as rejection_reason_id
    from dispositions
    group by handoff_id
),

final as (
    select
        handoffs.handoff_id,
        handoffs.lead_id,
        handoffs.product_id,
        handoffs.definition_id,
        handoffs.tier_id,
        handoffs.trigger_activity_id,
        assignments.rep_id,
        assignments.pool_id,
        answers.rejection_reason_id,
        handoffs.definition_version,
        handoffs.trigger_kind,
        handoffs.cycle,
        handoffs.score,
        handoffs.event_at,
        handoffs.qualified_at,
        handoffs.routed_at,
        assignments.assigned_at,
        assignments.due_at,
        answers.contacted_at,
        answers.accepted_at,
        answers.rejected_at
    from handoffs
    left join assignments on handoffs.handoff_id = assignments.handoff_id
    left join answers on handoffs.handoff_id = answers.handoff_id
)

select * from final
