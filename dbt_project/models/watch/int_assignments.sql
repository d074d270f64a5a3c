with

assignments as (
    select * from {{ ref('stg_handoff__assignments') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

pauses as (
    select
        assignment_id,
        max(due_at) as due_at
    from {{ ref('stg_handoff__clock_pauses') }}
    group by assignment_id
),

final as (
    select
        assignments.assignment_id,
        assignments.handoff_id,
        handoffs.lead_id,
        handoffs.product_id,
        handoffs.tier_id,
        assignments.rep_id,
        assignments.pool_id,
        assignments.cause,
        assignments.reason,
        assignments.assigned_at,
        lead(assignments.assigned_at) over (
            partition by assignments.handoff_id order by assignments.assignment_id
        ) as ended_at,
        assignments.due_at as promised_at,
        coalesce(pauses.due_at, assignments.due_at) as due_at
    from assignments
    inner join handoffs on assignments.handoff_id = handoffs.handoff_id
    left join pauses on assignments.assignment_id = pauses.assignment_id
)

select * from final
