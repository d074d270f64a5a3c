{{ config(materialized='view') }}

with

contacts as (
    select * from {{ ref('int_account_matches') }}
),

companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

hosts as (
    select * from {{ ref('stg_identity__hosts') }}
),

people as (
    select * from {{ ref('stg_apollo__people') }}
),

organizations as (
    select * from {{ ref('stg_apollo__organizations') }}
),

free_mail_domains as not materialized (
    select * from {{ ref('free_mail_domains') }}
),

placed_contacts as (
    select
        contact.*,
        company.name as crm_company_name,
        company.industry as crm_industry,
        company.employees as crm_employees,
        company.country as crm_country,
        company.lifecycle_stage as company_lifecycle_stage,
        company.owner_id as company_owner_id,
        coalesce({{ business_domain('host') }}, contact.business_domain, contact.website_domain) as company_domain
    from contacts as contact
    left join companies as company on contact.account_id = company.company_id
    left join hosts as host on company.dictionary_domain = host.host
),

final as (
    select
        contact.*,
        person.first_name as person_first_name,
        person.last_name as person_last_name,
        person.title as person_title,
        person.seniority as person_seniority,
        person.linkedin_url as person_linkedin_url,
        person.country as person_country,
        organization.name as organization_name,
        organization.country as organization_country,
        coalesce(organization.industry, person.industry) as organization_industry,
        coalesce(organization.employees, person.employees) as organization_employees,
        person.fetched_at as person_fetched_at,
        person.is_found as is_person_found,
        organization.fetched_at as organization_fetched_at,
        organization.is_found as is_organization_found
    from placed_contacts as contact
    left join people as person on contact.email = person.email
    left join organizations as organization on contact.company_domain = organization.domain
)

select * from final
