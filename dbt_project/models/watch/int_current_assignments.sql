with

assignments as (
    select * from {{ ref('int_assignments') }}
),

final as (
    select
        handoff_id,
        assignment_id,
        lead_id,
        product_id,
        rep_id,
        pool_id,
        reason,
        assigned_at,
        due_at
    from assignments
    where ended_at is null
)

select * from final
