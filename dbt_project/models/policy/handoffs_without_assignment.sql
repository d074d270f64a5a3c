with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

assignments as (
    select * from {{ ref('stg_handoff__assignments') }}
),

final as (
    select
        handoffs.handoff_id,
        handoffs.lead_id,
        handoffs.routed_at
    from handoffs
    where not exists (select 1 from assignments where assignments.handoff_id = handoffs.handoff_id)
)

select * from final
