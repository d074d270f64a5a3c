with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

messages as (
    select
        handoff_id,
        min(sent_at) as sent_at
    from {{ ref('stg_handoff__outbox') }}
    where kind = 'slack_dm'
    group by handoff_id
),

final as (
    select
        handoffs.handoff_id,
        handoffs.event_at,
        handoffs.received_at,
        handoffs.extracted_at,
        handoffs.qualified_at,
        handoffs.routed_at,
        messages.sent_at,
        extract(epoch from (handoffs.received_at - handoffs.event_at)) as receive_seconds,
        extract(epoch from (handoffs.extracted_at - coalesce(handoffs.received_at, handoffs.event_at)))
        as extract_seconds,
        extract(epoch from (handoffs.qualified_at - handoffs.extracted_at)) as qualify_seconds,
        extract(epoch from (handoffs.routed_at - handoffs.qualified_at)) as route_seconds,
        extract(epoch from (messages.sent_at - handoffs.routed_at)) as notify_seconds,
        extract(epoch from (messages.sent_at - handoffs.event_at)) as total_seconds
    from handoffs
    left join messages on handoffs.handoff_id = messages.handoff_id
)

select * from final
