with

assignments as (
    select
        *,
        lead(assigned_at) over (partition by handoff_id order by assigned_at, assignment_id) as reassigned_at
    from {{ ref('stg_handoff__assignments') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

reps as (
    select * from {{ ref('reps') }}
),

answers as (
    select
        handoff_id,
        min(occurred_at) as occurred_at
    from {{ ref('stg_handoff__dispositions') }}
    where kind in ('contacted', 'rejected')
    group by handoff_id
),

-- First contact stops the clock of the assignment in which it fell, and so does a rejection.
stopped as (
    select
        assignments.*,
        handoffs.tier_id,
        answers.occurred_at as stopped_at
    from assignments
    inner join handoffs on assignments.handoff_id = handoffs.handoff_id
    left join answers
        on
            assignments.handoff_id = answers.handoff_id
            and answers.occurred_at >= assignments.assigned_at
            and answers.occurred_at < coalesce(assignments.reassigned_at, 'infinity')
),

final as (
    select
        stopped.assignment_id,
        stopped.handoff_id,
        stopped.rep_id,
        stopped.pool_id,
        stopped.tier_id,
        case
            when stopped.stopped_at <= stopped.due_at then 'met'
            when stopped.stopped_at is null and stopped.reassigned_at <= stopped.due_at then 'reassigned'
            when stopped.stopped_at is null and {{ as_of() }} <= stopped.due_at then 'open'
            else 'breached'
        end as outcome,
        case
            when stopped.stopped_at is not null
                then {{ open_seconds_between(
                    'reps.calendar_id', 'reps.time_zone', 'stopped.assigned_at', 'stopped.stopped_at'
                ) }}
        end as response_open_seconds,
        stopped.assigned_at,
        stopped.due_at,
        stopped.stopped_at
    from stopped
    left join reps
        on
            stopped.rep_id = reps.rep_id
            and (stopped.assigned_at at time zone 'UTC')::date >= reps.valid_from
            and (stopped.assigned_at at time zone 'UTC')::date < reps.valid_to
)

select * from final
