with

assignments as (
    select * from {{ ref('int_assignments') }}
),

-- The row of whoever leaves ends as that day begins, and they had leads in the morning.
reps as (
    select
        rep_id, calendar_id, time_zone, valid_from,
        lead(valid_from, 1, 'infinity') over (partition by rep_id order by valid_from) as valid_to
    from {{ ref('reps') }}
),

messages as (
    select dedupe_key, sent_at from {{ ref('stg_handoff__outbox') }}
    where kind = 'slack_dm'
),

breaches as (
    select assignment_id, marked_at from {{ ref('stg_handoff__breaches') }}
),

answers as (
    select
        handoff_id,
        min(occurred_at) filter (where kind in ('contacted', 'rejected')) as stopped_at,
        min(occurred_at) filter (where kind = 'withdrawn') as withdrawn_at
    from {{ ref('stg_handoff__dispositions') }}
    group by handoff_id
),

declines as (
    select assignment_id, occurred_at, recorded_at from {{ ref('stg_handoff__dispositions') }}
    where kind = 'declined'
),

-- First contact stops the clock of the assignment in which it fell, and so does a rejection.
stopped as (
    select
        assignments.*,
        messages.sent_at as told_at,
        case
            when
                answers.stopped_at >= assignments.assigned_at
                and answers.stopped_at < coalesce(assignments.ended_at, 'infinity')
                then answers.stopped_at
        end as stopped_at,
        least(answers.stopped_at, answers.withdrawn_at) as over_at,
        -- Handing it on counts from when the rep said so if we read it too late, not if nobody could take it.
        case
            when declines.recorded_at > breaches.marked_at and declines.recorded_at >= assignments.ended_at
                then declines.occurred_at
            else assignments.ended_at
        end as left_at,
        breaches.assignment_id is not null as is_marked
    from assignments
    left join breaches on assignments.assignment_id = breaches.assignment_id
    left join declines on assignments.assignment_id = declines.assignment_id
    left join answers on assignments.handoff_id = answers.handoff_id
    left join messages
        on messages.dedupe_key = 'slack_dm:' || assignments.handoff_id || ':' || assignments.assignment_id
),

final as (
    select
        stopped.assignment_id, stopped.handoff_id, stopped.rep_id, stopped.pool_id, stopped.tier_id,
        case
            when stopped.stopped_at <= stopped.due_at then 'met'
            when stopped.stopped_at > stopped.due_at then 'breached'
            -- Whether nobody was in touch is the ledger's to say: the message may be waiting, or the CRM not be read.
            when stopped.is_marked and coalesce(least(stopped.over_at, stopped.left_at) > stopped.due_at, true)
                then 'breached'
            when stopped.over_at <= coalesce(stopped.ended_at, 'infinity') then 'ended'
            when stopped.left_at is not null then 'reassigned'
            else 'open'
        end as outcome,
        case
            when stopped.stopped_at is not null
                then {{ open_seconds_between(
                    'reps.calendar_id', 'reps.time_zone', 'stopped.assigned_at', 'stopped.stopped_at'
                ) }}
        end as response_open_seconds,
        -- Nobody can answer what they have not been told.
        case
            when stopped.told_at is not null and coalesce(stopped.stopped_at, stopped.ended_at) is not null
                then {{ open_seconds_between(
                    'reps.calendar_id', 'reps.time_zone', 'stopped.told_at',
                    'coalesce(stopped.stopped_at, stopped.ended_at)'
                ) }}
        end as human_open_seconds,
        stopped.assigned_at, stopped.told_at, stopped.promised_at, stopped.due_at, stopped.stopped_at
    from stopped
    left join reps
        on stopped.rep_id = reps.rep_id and {{ was_in_force('reps', utc_day('stopped.assigned_at')) }}
)

select * from final
