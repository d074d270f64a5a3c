{{ config(materialized='view') }}

with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

reasons as (
    select * from {{ ref('rejection_reasons') }}
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

-- Where no reason is known, nobody has said that the lead may come back at once.
ends as (
    select
        dispositions.handoff_id,
        max(dispositions.occurred_at) as ended_at,
        max(dispositions.occurred_at) filter (where dispositions.kind = 'rejected') as rejected_at,
        max(dispositions.occurred_at) filter (
            where dispositions.kind = 'rejected' and coalesce(reasons.starts_cooling_off, true)
        ) as cools_from
    from dispositions
    left join reasons
        on
            dispositions.reason_id = reasons.reason_id
            and {{ was_in_force('reasons', utc_day('dispositions.occurred_at')) }}
    where dispositions.kind in ('rejected', 'withdrawn')
    group by dispositions.handoff_id
),

spans as (
    select
        counted.lead_id, counted.product_id, counted.handoff_id, ends.handoff_id as ended_id, ends.rejected_at,
        ends.cools_from, ends.ended_at
    from counted
    left join ends on counted.handoff_id = ends.handoff_id
    union all
    select
        lead_id, product_id, null as handoff_id, null as ended_id, null as rejected_at, null as cools_from,
        answered_at as ended_at
    from dropped
),

final as (
    select
        lead_id,
        product_id,
        count(ended_id)::int + 1 as cycle,
        count(handoff_id) > count(ended_id) as is_handed_off,
        max(rejected_at) as rejected_at,
        max(cools_from) as cools_from,
        max(ended_at) as ended_at
    from spans
    group by lead_id, product_id
)

select * from final
