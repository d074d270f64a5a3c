{{ line_table() }}

with

facts as (
    select * from {{ ref('int_lead_facts') }}
    where {{ only_pending('contact_id') }}
),

competitors as (
    select * from {{ ref('competitors') }}
    where {{ is_in_force() }}
),

company as (
    select * from {{ ref('company') }}
    where {{ is_in_force() }}
),

final as (
    select
        contact_id as lead_id,
        account_id as company_id,
        account_match_method,
        account_match_confidence,
        account_match_reason,
        owner_id,
        company_owner_id,
        email,
        email_key,
        email_domain,
        chosen_first_name as first_name,
        chosen_last_name as last_name,
        nullif(concat_ws(' ', chosen_first_name, chosen_last_name), '') as full_name,
        chosen_title as title,
        seniority,
        chosen_linkedin_url as linkedin_url,
        phone,
        chosen_company_name as company_name,
        company_domain,
        chosen_industry as industry,
        chosen_country as country,
        region,
        lifecycle_stage,
        company_lifecycle_stage,
        lead_status,
        rejection_reason_id,
        first_source,
        first_source_detail,
        latest_source,
        latest_source_detail,
        coalesce(latest_campaign, first_campaign) as campaign,
        provenance,
        chosen_employees as employees,
        is_freemail,
        is_opted_out is true as is_opted_out,
        coalesce(bounces > 0, false) as is_bounced,
        {{ is_domain_of('facts', 'competitors') }} as is_competitor,
        {{ is_domain_of('facts', 'company') }} as is_internal,
        not needs_person and not needs_organization as is_enriched,
        created_at,
        extracted_at,
        -- Scoring and qualifying take the moment from here, so that a lead may be judged for any moment, or for many.
        {{ as_of() }} as as_of
    from facts
)

select * from final
