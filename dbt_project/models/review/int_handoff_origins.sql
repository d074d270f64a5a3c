with

countries as (
    select distinct country, region from {{ ref('countries') }}
),

-- As it was when the lead was handed over, whatever the CRM says since.
facts as (
    select
        handoffs.handoff_id,
        handoffs.product_id,
        handoffs.qualified_at,
        countries.region,
        handoffs.context #>> '{company,country}' as country,
        handoffs.context #>> '{company,industry}' as industry,
        {{ as_count("handoffs.context #>> '{company,employees}'") }} as employees,
        handoffs.context #>> '{attribution,first_source}' as first_source,
        handoffs.context #>> '{attribution,latest_source}' as latest_source,
        handoffs.context #>> '{attribution,campaign}' as campaign,
        coalesce(handoffs.context -> 'company', '{}') <> '{}' as is_company_kept,
        coalesce(handoffs.context -> 'attribution', '{}') <> '{}' as is_attribution_kept
    from {{ ref('stg_handoff__handoffs') }} as handoffs
    left join countries on handoffs.context #>> '{company,country}' = countries.country
),

final as (
    select
        handoff_id,
        case when is_attribution_kept then {{ as_text('first_source') }} else 'unknown' end as first_source,
        case when is_attribution_kept then {{ as_text('latest_source') }} else 'unknown' end as latest_source,
        case when is_attribution_kept then {{ as_text('campaign') }} else 'unknown' end as campaign,
        {{ segment_of('facts', utc_day('facts.qualified_at'), 'facts.is_company_kept') }} as segment
    from facts
)

select * from final
