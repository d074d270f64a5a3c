with

inbox as (
    select * from {{ ref('stg_handoff__inbox') }}
    where processed_at is null
),

outbox as (
    select * from {{ ref('stg_handoff__outbox') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
    where kind in ('rejected', 'withdrawn', 'contacted')
),

current_assignments as (
    select * from {{ ref('int_current_assignments') }}
),

pending as (
    select * from {{ ref('stg_handoff__pending_leads') }}
),

-- A lead comes again only once its last handoff is over: two that are open at once belong to two reps. Contacts that
-- became one are pending from then on, until the line has taken one of their handoffs back.
doubled as (
    select
        lead_id,
        product_id
    from current_assignments
    where
        not exists (
            select 1 from dispositions where dispositions.handoff_id = current_assignments.handoff_id
        )
        and not exists (select 1 from pending where pending.lead_id = current_assignments.lead_id)
    group by lead_id, product_id
    having count(distinct rep_id) > 1
),

final as (
    select
        'inbox' as subject,
        'oldest_minutes' as measure,
        count(*) as sample,
        extract(epoch from {{ as_of() }} - min(received_at))::float8
        / extract(epoch from interval '1 minute') as measured
    from inbox
    union all
    select
        'outbox' as subject,
        'oldest_minutes' as measure,
        count(*) as sample,
        extract(epoch from {{ as_of() }} - min(not_before))::float8
        / extract(epoch from interval '1 minute') as measured
    from outbox
    where state = 'pending'
    union all
    select
        'leads' as subject,
        'two_current_owners' as measure,
        1 as sample,
        count(*) as measured
    from doubled
    union all
    select
        'messages' as subject,
        'sent_without_id' as measure,
        1 as sample,
        count(*) as measured
    from outbox
    where
        state = 'sent'
        and starts_with(kind, 'slack')
        and nullif(result ->> 'ts', '') is null
)

select * from final
