with

outbox as (
    select * from {{ ref('stg_handoff__outbox') }}
),

endings as (
    select distinct handoff_id from {{ ref('stg_handoff__dispositions') }}
    where kind in ('contacted', 'rejected', 'withdrawn')
),

final as (
    select
        outbox_id,
        dedupe_key,
        handoff_id,
        kind,
        state,
        created_at,
        attempts,
        last_error
    from outbox
    where
        (
            state = 'pending'
            or (state = 'dead' and not exists (select 1 from endings where endings.handoff_id = outbox.handoff_id))
        )
        and starts_with(kind, 'hubspot')
        and created_at <= {{ as_of() }} - make_interval(mins => {{ var('write_back_minutes') }})
)

select * from final
