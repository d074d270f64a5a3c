with

assignments as (
    select * from {{ ref('int_assignments') }}
),

answers as (
    select
        handoff_id,
        bool_or(kind = 'contacted') as is_contacted,
        min(occurred_at) filter (where kind in ('rejected', 'withdrawn')) as closed_at,
        max(recorded_at) filter (where kind in ('rejected', 'withdrawn')) as closing_recorded_at
    from {{ ref('stg_handoff__dispositions') }}
    group by handoff_id
),

-- The cost follows what is open, not all that ever was; a call from before the end may be read some days after it.
final as (
    select
        assignments.handoff_id,
        assignments.lead_id,
        min(assignments.assigned_at) as handed_over_at,
        coalesce(max(answers.closed_at), 'infinity') as closed_at
    from assignments
    left join answers on assignments.handoff_id = answers.handoff_id
    where
        answers.is_contacted is not true
        and (
            answers.closing_recorded_at is null
            or answers.closing_recorded_at > {{ as_of() }} - make_interval(days => {{ var('late_contact_days') }})
        )
    group by assignments.handoff_id, assignments.lead_id
)

select * from final
