with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

assignments as (
    select * from {{ ref('int_current_assignments') }}
),

answers as (
    select
        handoff_id,
        min(occurred_at) filter (where kind = 'contacted') as contacted_at,
        min(occurred_at) filter (where kind = 'accepted') as accepted_at,
        min(occurred_at) filter (where kind = 'rejected') as rejected_at,
        min(occurred_at) filter (where kind = 'withdrawn') as withdrawn_at,
        min(reason_id) filter (where kind = 'rejected') as rejection_reason_id,
        -- Slack does not say what was read: whoever answers, or gets in touch, has seen it.
        min(occurred_at) filter (where kind not in ('withdrawn', 'erased')) as seen_at
    from {{ ref('stg_handoff__dispositions') }}
    group by handoff_id
),

messages as (
    select
        handoff_id,
        min(sent_at) as sent_at
    from {{ ref('stg_handoff__outbox') }}
    where kind = 'slack_dm'
    group by handoff_id
),

stamped as (
    select
        handoffs.*,
        origins.first_source,
        origins.latest_source,
        origins.segment,
        assignments.rep_id,
        assignments.pool_id,
        assignments.assigned_at,
        assignments.due_at,
        messages.sent_at,
        answers.seen_at,
        answers.accepted_at,
        answers.contacted_at,
        outcomes.sql_at,
        outcomes.won_at,
        answers.rejected_at,
        answers.withdrawn_at,
        answers.rejection_reason_id
    from handoffs
    left join {{ ref('int_handoff_origins') }} as origins on handoffs.handoff_id = origins.handoff_id
    left join assignments on handoffs.handoff_id = assignments.handoff_id
    left join messages on handoffs.handoff_id = messages.handoff_id
    left join answers on handoffs.handoff_id = answers.handoff_id
    left join {{ ref('int_handoff_outcomes') }} as outcomes on handoffs.handoff_id = outcomes.handoff_id
),

judged as (
    select
        *,
        {{ negative_stamps([
            ('received_at', 'event_at'), ('extracted_at', 'event_at'), ('qualified_at', 'event_at'),
            ('qualified_at', 'extracted_at'), ('routed_at', 'qualified_at'), ('sent_at', 'routed_at'),
            ('seen_at', 'sent_at'), ('accepted_at', 'sent_at'), ('contacted_at', 'routed_at'),
            ('sql_at', 'qualified_at'), ('won_at', 'qualified_at'), ('won_at', 'sql_at'),
        ]) }} as negative_stamps
    from stamped
),

final as (
    select
        handoff_id, lead_id, product_id, definition_id, tier_id, trigger_activity_id, rep_id, pool_id,
        rejection_reason_id, definition_version, trigger_kind, first_source, latest_source, segment, cycle, score,
        event_at, received_at, extracted_at, qualified_at, routed_at, sent_at, seen_at, accepted_at, contacted_at,
        sql_at, won_at, rejected_at, withdrawn_at, assigned_at, due_at, negative_stamps,
        negative_stamps is not null as has_negative_cycle
    from judged
)

select * from final
