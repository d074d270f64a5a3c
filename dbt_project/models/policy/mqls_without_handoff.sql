with

qualifications as (
    select * from {{ ref('int_qualifications') }}
),

go_live as (
    select * from {{ ref('stg_handoff__go_live') }}
),

pending as (
    select * from {{ ref('stg_handoff__pending_leads') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

-- A person said that what they had done until then hands nothing over.
dropped as (
    select * from {{ ref('stg_handoff__flood_leads') }}
    where answer = 'dropped'
),

final as (
    select
        qualifications.lead_id,
        qualifications.product_id,
        qualifications.cycle,
        qualifications.reason,
        qualifications.qualified_at
    from qualifications
    inner join go_live on qualifications.product_id = go_live.product_id
    where
        qualifications.decision = 'mql'
        and qualifications.qualified_at >= go_live.live_at
        and not exists (select 1 from pending where pending.lead_id = qualifications.lead_id)
        and not exists (
            select 1 from dropped
            where
                dropped.lead_id = qualifications.lead_id
                and dropped.product_id = qualifications.product_id
                and qualifications.trigger_at <= dropped.answered_at
        )
        and not exists (
            select 1 from handoffs
            where
                handoffs.lead_id = qualifications.lead_id
                and handoffs.product_id = qualifications.product_id
                and handoffs.cycle >= qualifications.cycle
        )
)

select * from final
