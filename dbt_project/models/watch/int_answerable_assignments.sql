with

assignments as (
    select * from {{ ref('int_assignments') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

definitions as (
    select * from {{ ref('definitions') }}
),

standings as (
    select
        handoff_id,
        min(occurred_at) filter (where kind = 'contacted') as contacted_at,
        bool_or(kind in ('rejected', 'withdrawn')) as is_over,
        bool_or(kind = 'withdrawn' and reason_id = 'merged') as is_merged
    from {{ ref('stg_handoff__dispositions') }}
    group by handoff_id
),

-- When the lead was handed over anew: so long after first contact as the definition says. A sooner one was another
-- contact's, of which a merge made a double.
followed as (
    select former.lead_id, former.product_id, former.handoff_id, min(later.routed_at) as followed_at
    from handoffs as former
    inner join standings on former.handoff_id = standings.handoff_id
    inner join handoffs as later on former.lead_id = later.lead_id and former.product_id = later.product_id
    left join definitions
        on later.definition_id = definitions.definition_id and later.definition_version = definitions.version
    left join standings as said on later.handoff_id = said.handoff_id
    where
        later.as_of >= coalesce(
            standings.contacted_at + make_interval(days => definitions.requalify_after_contact_days),
            standings.contacted_at
        )
        and said.is_merged is not true
    group by former.lead_id, former.product_id, former.handoff_id
),

final as (
    select
        assignments.assignment_id,
        assignments.handoff_id,
        assignments.lead_id,
        assignments.product_id,
        handoffs.routed_at,
        standings.contacted_at is not null as is_contacted,
        assignments.assigned_at,
        assignments.ended_at,
        followed.followed_at
    from assignments
    inner join handoffs on assignments.handoff_id = handoffs.handoff_id
    left join standings on assignments.handoff_id = standings.handoff_id
    left join followed
        on
            assignments.handoff_id = followed.handoff_id
            and assignments.lead_id = followed.lead_id and assignments.product_id = followed.product_id
    where standings.is_over is not true
)

select * from final
