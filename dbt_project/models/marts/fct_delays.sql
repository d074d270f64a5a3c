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

contacts as (
    select
        handoff_id,
        occurred_at as first_contact_at
    from {{ ref('stg_handoff__dispositions') }}
    where kind = 'contacted'
),

-- Each rep who had it, in their own working hours, up to the first contact.
answered as (
    select
        outcome.handoff_id,
        sum(outcome.human_open_seconds) as human_open_seconds
    from {{ ref('fct_sla_outcomes') }} as outcome
    inner join contacts
        on outcome.handoff_id = contacts.handoff_id and outcome.assigned_at <= contacts.first_contact_at
    group by outcome.handoff_id
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
        contacts.first_contact_at,
        extract(epoch from (handoffs.received_at - handoffs.event_at)) as receive_seconds,
        extract(epoch from (handoffs.extracted_at - coalesce(handoffs.received_at, handoffs.event_at)))
        as extract_seconds,
        extract(epoch from (handoffs.qualified_at - handoffs.extracted_at)) as qualify_seconds,
        extract(epoch from (handoffs.routed_at - handoffs.qualified_at)) as route_seconds,
        extract(epoch from (messages.sent_at - handoffs.routed_at)) as notify_seconds,
        extract(epoch from (messages.sent_at - handoffs.event_at)) as total_seconds,
        answered.human_open_seconds
    from handoffs
    left join messages on handoffs.handoff_id = messages.handoff_id
    left join contacts on handoffs.handoff_id = contacts.handoff_id
    left join answered on handoffs.handoff_id = answered.handoff_id
)

select * from final
