with

leads as (
    select
        *,
        null as product_id
    from {{ ref('int_leads') }}
),

qualifications as (
    select * from {{ ref('int_qualifications') }}
),

best_decisions as (
    select distinct on (lead_id)
        lead_id,
        decision,
        score,
        qualified_at
    from qualifications
    order by lead_id, score desc, definition_id
),

-- A lead as such is of no product: territories of one product alone are not its own.
final as (
    select
        leads.lead_id,
        leads.company_id,
        leads.owner_id,
        leads.email,
        leads.full_name,
        leads.title,
        leads.seniority,
        leads.company_name,
        leads.company_domain,
        leads.industry,
        leads.country,
        leads.region,
        {{ segment_of('leads', as_of_date()) }} as segment,
        leads.lifecycle_stage,
        leads.company_lifecycle_stage,
        leads.lead_status,
        leads.first_source,
        leads.latest_source,
        leads.campaign,
        best_decisions.decision,
        leads.employees,
        best_decisions.score,
        leads.is_freemail,
        leads.is_enriched,
        leads.created_at,
        best_decisions.qualified_at
    from leads
    left join best_decisions on leads.lead_id = best_decisions.lead_id
)

select * from final
