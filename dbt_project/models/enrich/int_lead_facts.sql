{{ config(materialized='view') }}

{%- set sources = {
    'first_name': {'crm': 'profile.first_name', 'apollo': 'profile.person_first_name'},
    'last_name': {'crm': 'profile.last_name', 'apollo': 'profile.person_last_name'},
    'title': {'crm': 'profile.title', 'apollo': 'profile.person_title'},
    'linkedin_url': {'crm': 'profile.linkedin_url', 'apollo': 'profile.person_linkedin_url'},
    'company_name': {
        'company': 'profile.crm_company_name', 'crm': 'profile.company_name', 'apollo': 'profile.organization_name'
    },
    'employees': {
        'company': 'profile.crm_employees', 'crm': 'profile.employees', 'apollo': 'profile.organization_employees'
    },
    'industry': {
        'company': 'company_industry.industry', 'crm': 'contact_industry.industry', 'apollo': 'apollo_industry.industry'
    },
    'country': {
        'crm': 'contact_country.country', 'company': 'company_country.country',
        'apollo': 'coalesce(person_country.country, apollo_country.country)'
    },
} %}

with

profiles as (
    select * from {{ ref('int_lead_profiles') }}
),

countries as not materialized (
    select * from {{ ref('countries') }}
),

industries as not materialized (
    select * from {{ ref('industries') }}
),

title_rules as not materialized (
    select * from {{ ref('title_rules') }}
),

apollo_seniorities as (
    select * from {{ ref('apollo_seniorities') }}
),

enrichment_policy as not materialized (
    select * from {{ ref('enrichment_policy') }}
    where {{ is_in_force() }} and is_enabled
),

chosen as (
    select
        profile.*,
        {%- for field, candidates in sources.items() %}
        {{ first_known(candidates) }} as chosen_{{ field }},
        {%- endfor %}
        jsonb_strip_nulls(jsonb_build_object(
            {%- for field, candidates in sources.items() %}
            '{{ field }}', {{ origin_of(candidates) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )) as provenance
    from profiles as profile
    left join industries as company_industry on company_industry.alias = {{ plain_words('profile.crm_industry') }}
    left join industries as contact_industry on contact_industry.alias = {{ plain_words('profile.industry') }}
    left join industries as apollo_industry
        on apollo_industry.alias = {{ plain_words('profile.organization_industry') }}
    left join countries as contact_country on contact_country.alias = lower(profile.country)
    left join countries as company_country on company_country.alias = lower(profile.crm_country)
    left join countries as person_country on person_country.alias = lower(profile.person_country)
    left join countries as apollo_country on apollo_country.alias = lower(profile.organization_country)
),

final as (
    select
        chosen.*,
        country.region,
        coalesce(title_seniority.seniority, apollo_seniority.seniority) as seniority,
        chosen.email_domain is not null
        and (chosen.chosen_title is null or chosen.chosen_linkedin_url is null or chosen.chosen_country is null)
        and {{ needs_lookup('person', 'chosen.person_fetched_at', 'chosen.is_person_found', 'chosen.is_freemail') }}
        as needs_person,
        chosen.company_domain is not null
        and (chosen.chosen_employees is null or chosen.chosen_industry is null or chosen.chosen_country is null)
        and {{ needs_lookup('organization', 'chosen.organization_fetched_at', 'chosen.is_organization_found') }}
        as needs_organization
    from chosen
    left join countries as country on lower(chosen.chosen_country) = country.alias
    left join apollo_seniorities as apollo_seniority on chosen.person_seniority = apollo_seniority.apollo_seniority
    left join lateral (
        select rule.seniority
        from {{ phrases('chosen.chosen_title', 'title_rules') }} as phrase
        inner join title_rules as rule on phrase.words = rule.keyword
        order by rule.precedence, rule.title_rule_id
        limit 1
    ) as title_seniority on true
)

select * from final
