{{ config(materialized='view') }}

with

leads as (
    select * from {{ ref('int_lead_identities') }}
),

companies as not materialized (
    select * from {{ ref('stg_hubspot__companies') }}
),

hosts as (
    select * from {{ ref('stg_identity__hosts') }}
),

company_names as (
    select * from {{ ref('stg_identity__company_names') }}
),

countries as not materialized (
    select * from {{ ref('countries') }}
),

rules as not materialized (
    select * from {{ ref('account_match_rules') }}
    where {{ is_in_force() }} and is_enabled
),

final as (
    select
        lead_row.*,
        by_association.company_ids as associated_ids,
        by_domain.company_ids as domain_ids,
        by_domain.domain as shared_domain,
        by_name.company_ids as name_ids
    from leads as lead_row
    left join lateral (
        select array_agg(linked.company_id order by linked.company_id) as company_ids
        from unnest(lead_row.associated_company_ids) as linked (company_id)
        left join companies as company on linked.company_id = company.company_id
        where company.is_archived is not true
    ) as by_association on true
    left join lateral (
        select known.domain, array_agg(company.company_id order by company.company_id) as company_ids
        from (values (1, lead_row.business_domain), (2, lead_row.website_domain)) as known (place, domain)
        inner join hosts as host on known.domain = host.registrable_domain
        inner join companies as company on host.host = company.dictionary_domain
        where not company.is_archived
        group by known.place, known.domain
        order by known.place
        limit 1
    ) as by_domain on true
    left join lateral (
        select array_agg(company.company_id order by company.company_id) as company_ids
        from rules as rule
        inner join company_names as spelling on spelling.company_key = lead_row.company_key
        inner join companies as company on spelling.name = company.dictionary_name
        left join countries as country on country.alias = lower(company.country)
        where
            rule.method = 'name'
            and length(lead_row.company_key) >= rule.min_key_length
            and (not rule.needs_same_country or country.country = lead_row.country_code) is not false
            and not company.is_archived
    ) as by_name on true
)

select * from final
