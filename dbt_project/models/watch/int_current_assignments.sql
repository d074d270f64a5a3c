with

assignments as (
    select * from {{ ref('stg_handoff__assignments') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

final as (
    select
        handoffs.handoff_id,
        assignments.assignment_id,
        handoffs.lead_id,
        handoffs.product_id,
        assignments.rep_id,
        assignments.pool_id,
        assignments.reason,
        assignments.assigned_at,
        assignments.due_at
    from handoffs
    inner join assignments on handoffs.handoff_id = assignments.handoff_id
    where not exists (
        select 1 from assignments as later
        where
            later.handoff_id = assignments.handoff_id
            and (later.assigned_at, later.assignment_id) > (assignments.assigned_at, assignments.assignment_id)
    )
)

select * from final
