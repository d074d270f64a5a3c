with

outbox as (
    select * from {{ ref('stg_handoff__outbox') }}
),

assignments as (
    select * from {{ ref('int_assignments') }}
),

-- The promise as it was made: while the message is on its way the clock stands, and the deadline moves with it.
final as (
    select
        outbox.outbox_id,
        outbox.dedupe_key,
        outbox.handoff_id,
        assignments.rep_id,
        assignments.promised_at,
        outbox.attempts,
        outbox.last_error
    from outbox
    inner join assignments
        on outbox.dedupe_key = 'slack_dm:' || assignments.handoff_id || ':' || assignments.assignment_id
    where outbox.state = 'pending' and assignments.promised_at <= {{ as_of() }}
)

select * from final
