with

assignments as (
    select * from {{ ref('stg_handoff__assignments') }}
),

final as (
    select
        assignment_id,
        handoff_id,
        rep_id,
        assigned_at,
        due_at
    from assignments
    where due_at is null or due_at <= assigned_at
)

select * from final
