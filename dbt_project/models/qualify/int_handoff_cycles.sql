{{ config(materialized='view') }}

with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

-- A person said that what the lead had done until then hands nothing over.
dropped as (
    select * from {{ ref('stg_handoff__flood_leads') }}
    where answer = 'dropped'
),

-- A handoff that was taken back because its lead was handed over twice counts for nothing.
counted as (
    select * from handoffs
    where not exists (
        select 1 from dispositions
        where
            dispositions.handoff_id = handoffs.handoff_id
            and dispositions.kind = 'withdrawn' and dispositions.reason_id = 'merged'
    )
),

ends as (
    select
        handoff_id,
        max(occurred_at) as ended_at,
        max(occurred_at) filter (where kind = 'rejected') as rejected_at
    from dispositions
    where kind in ('rejected', 'withdrawn')
    group by handoff_id
),

spans as (
    select
        counted.lead_id, counted.product_id, counted.handoff_id, ends.handoff_id as ended_id, ends.rejected_at,
        ends.ended_at
    from counted
    left join ends on counted.handoff_id = ends.handoff_id
    union all
    select lead_id, product_id, null as handoff_id, null as ended_id, null as rejected_at, answered_at as ended_at
    from dropped
),

final as (
    select
        lead_id,
        product_id,
        count(ended_id)::int + 1 as cycle,
        count(handoff_id) > count(ended_id) as is_handed_off,
        max(rejected_at) as rejected_at,
        max(ended_at) as ended_at
    from spans
    group by lead_id, product_id
)

select * from final
