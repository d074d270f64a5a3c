with

outbox as (
    select * from {{ ref('stg_handoff__outbox') }}
),

final as (
    select
        outbox_id,
        dedupe_key,
        handoff_id,
        kind,
        created_at,
        attempts,
        last_error
    from outbox
    where
        state = 'pending'
        and starts_with(kind, 'hubspot')
        and created_at <= {{ as_of() }} - make_interval(mins => {{ var('write_back_minutes') }})
)

select * from final
