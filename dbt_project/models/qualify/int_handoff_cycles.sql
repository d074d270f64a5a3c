{{ config(materialized='view') }}

with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

definitions as (
    select * from {{ ref('int_definitions') }}
    where not is_shadow
),

reasons as (
    select * from {{ ref('rejection_reasons') }}
),

-- A person said that what the lead had done until then hands nothing over.
dropped as (
    select * from {{ ref('stg_handoff__flood_leads') }}
    where answer = 'dropped'
),

-- A handoff that was taken back because its lead was handed over twice counts for nothing; its number is used up.
numbered as (
    select
        handoffs.*,
        not exists (
            select 1 from dispositions
            where
                dispositions.handoff_id = handoffs.handoff_id
                and dispositions.kind = 'withdrawn' and dispositions.reason_id = 'merged'
        ) as is_counted
    from handoffs
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

-- Sales has been in touch and said no more for so long that what the lead does now is news again.
settled as (
    select
        handoffs.handoff_id,
        min(contacts.occurred_at) + make_interval(days => max(definitions.requalify_after_contact_days)) as ended_at
    from handoffs
    inner join dispositions as contacts on handoffs.handoff_id = contacts.handoff_id and contacts.kind = 'contacted'
    inner join definitions on handoffs.product_id = definitions.product_id
    group by handoffs.handoff_id
),

spans as (
    select
        numbered.lead_id, numbered.product_id, numbered.cycle, numbered.is_counted, numbered.qualified_at,
        ends.rejected_at, ends.cools_from, coalesce(ends.ended_at, settled.ended_at) as ended_at
    from numbered
    left join ends on numbered.handoff_id = ends.handoff_id
    left join settled on numbered.handoff_id = settled.handoff_id and settled.ended_at <= {{ as_of() }}
    union all
    select
        lead_id, product_id, 0 as cycle, true as is_counted, null as qualified_at,
        null as rejected_at, null as cools_from, answered_at as ended_at
    from dropped
),

final as (
    select
        lead_id,
        product_id,
        coalesce(max(cycle) filter (where is_counted and ended_at is null), max(cycle) + 1) as cycle,
        coalesce(bool_or(ended_at is null) filter (where is_counted), false) as is_handed_off,
        min(qualified_at) filter (where is_counted and ended_at is null) as open_since,
        max(rejected_at) filter (where is_counted) as rejected_at,
        max(cools_from) filter (where is_counted) as cools_from,
        max(ended_at) filter (where is_counted) as ended_at
    from spans
    group by lead_id, product_id
)

select * from final
