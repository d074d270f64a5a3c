with

assignments as (
    select * from {{ ref('int_current_assignments') }}
),

endings as (
    select distinct handoff_id from {{ ref('stg_handoff__dispositions') }}
    where kind in ('contacted', 'rejected', 'withdrawn')
),

-- Two contacts that became one are pending from then on, until the line has taken one of their handoffs back.
pending as (
    select * from {{ ref('stg_handoff__pending_leads') }}
),

final as (
    select
        assignments.lead_id,
        assignments.product_id,
        array_agg(distinct assignments.rep_id order by assignments.rep_id) as rep_ids,
        array_agg(assignments.handoff_id order by assignments.handoff_id) as handoff_ids
    from assignments
    where
        not exists (select 1 from endings where endings.handoff_id = assignments.handoff_id)
        and not exists (select 1 from pending where pending.lead_id = assignments.lead_id)
    group by assignments.lead_id, assignments.product_id
    having count(distinct assignments.rep_id) > 1
)

select * from final
