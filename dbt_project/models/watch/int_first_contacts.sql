with

contacted as (
    select handoff_id from {{ ref('stg_handoff__dispositions') }}
    where kind = 'contacted'
),

-- Handoffs of which the ledger does not know yet: the cost follows what is open, not all that ever was.
assignments as (
    select * from {{ ref('int_current_assignments') }}
    where handoff_id not in (select contacted.handoff_id from contacted)
),

activity_kinds as (
    select * from {{ ref('activity_kinds') }}
    where is_outreach
),

final as (
    select
        assignments.handoff_id,
        assignments.assignment_id,
        outreach.activity_id,
        outreach.owner_id,
        outreach.kind,
        outreach.occurred_at as first_contact_at,
        outreach.logged_at
    from assignments
    cross join lateral (
        select engagement.*
        from {{ ref('int_engagements') }} as engagement
        inner join activity_kinds on engagement.kind = activity_kinds.kind
        where
            engagement.contact_ids && array[assignments.lead_id]
            and engagement.occurred_at >= assignments.assigned_at
            and engagement.occurred_at <= {{ as_of() }}
        order by engagement.occurred_at, engagement.activity_id
        limit 1
    ) as outreach
)

select * from final
