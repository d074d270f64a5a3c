{{ config(materialized='view') }}

with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
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

final as (
    select
        counted.lead_id,
        counted.product_id,
        count(ends.handoff_id)::int + 1 as cycle,
        count(*) > count(ends.handoff_id) as is_handed_off,
        max(ends.rejected_at) as rejected_at,
        max(ends.ended_at) as ended_at
    from counted
    left join ends on counted.handoff_id = ends.handoff_id
    group by counted.lead_id, counted.product_id
)

select * from final
