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
        sent_at
    from outbox
    where
        state = 'sent'
        and starts_with(kind, 'slack')
        and nullif(result ->> 'ts', '') is null
)

select * from final
