with

outbox as (
    select * from {{ ref('stg_handoff__outbox') }}
),

assignments as (
    select * from {{ ref('int_assignments') }}
),

-- Whoever answered knows of the lead by other ways.
answers as (
    select * from {{ ref('stg_handoff__dispositions') }}
    where kind in ('accepted', 'claimed', 'contacted', 'rejected', 'withdrawn')
),

-- The promise as it was made: while the message is on its way the clock stands, and the deadline moves with it.
final as (
    select
        outbox.outbox_id,
        outbox.dedupe_key,
        outbox.handoff_id,
        outbox.state,
        assignments.rep_id,
        assignments.promised_at,
        outbox.attempts,
        outbox.last_error
    from outbox
    inner join assignments
        on outbox.dedupe_key = 'slack_dm:' || assignments.handoff_id || ':' || assignments.assignment_id
    where
        assignments.promised_at <= {{ as_of() }}
        and (
            outbox.state = 'pending'
            or (
                outbox.state = 'dead'
                and assignments.ended_at is null
                and not exists (select 1 from answers where answers.handoff_id = assignments.handoff_id)
            )
        )
)

select * from final
