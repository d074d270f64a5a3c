{{ config(materialized='view') }}

with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

rejections as (
    select * from {{ ref('stg_handoff__dispositions') }}
    where kind = 'rejected'
),

final as (
    select
        handoffs.lead_id,
        handoffs.product_id,
        count(rejections.handoff_id)::int + 1 as cycle,
        count(*) > count(rejections.handoff_id) as is_handed_off,
        max(rejections.occurred_at) as rejected_at
    from handoffs
    left join rejections on handoffs.handoff_id = rejections.handoff_id
    group by handoffs.lead_id, handoffs.product_id
)

select * from final
