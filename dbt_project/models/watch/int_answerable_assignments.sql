with

assignments as (
    select * from {{ ref('int_assignments') }}
),

standings as (
    select
        handoff_id,
        bool_or(kind = 'contacted') as is_contacted,
        bool_or(kind in ('rejected', 'withdrawn')) as is_over,
        bool_or(kind = 'withdrawn' and reason_id = 'merged') as is_merged
    from {{ ref('stg_handoff__dispositions') }}
    group by handoff_id
),

-- One that was taken back because its lead was handed over twice stands in nobody's way.
ordered as (
    select
        assignments.*,
        coalesce(standings.is_contacted, false) as is_contacted,
        coalesce(standings.is_over, false) as is_over,
        lead(assignments.assigned_at) over (
            partition by assignments.lead_id, assignments.product_id order by assignments.assignment_id
        ) as followed_at
    from assignments
    left join standings on assignments.handoff_id = standings.handoff_id
    where standings.is_merged is not true
),

final as (
    select
        assignment_id,
        handoff_id,
        lead_id,
        assigned_at,
        coalesce(ended_at, case when is_contacted then followed_at end) as answerable_until
    from ordered
    where not is_over
)

select * from final
