with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

qualifications as (
    select * from {{ ref('int_qualifications') }}
),

-- Only the decision that the handoff was made from can convict it; a lead may be disqualified later.
final as (
    select
        handoffs.handoff_id,
        handoffs.lead_id,
        qualifications.reason,
        handoffs.qualified_at
    from handoffs
    inner join qualifications
        on
            handoffs.lead_id = qualifications.lead_id
            and handoffs.product_id = qualifications.product_id
            and handoffs.qualified_at = qualifications.qualified_at
    where qualifications.decision = 'disqualified'
)

select * from final
