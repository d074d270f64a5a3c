{{ config(materialized='view') }}

with

contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

companies as (
    select * from {{ ref('stg_hubspot__companies') }}
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

addressed_contacts as (
    select
        contacts.*,
        address.email_domain,
        coalesce(address.email_domain in (select free.domain from free_mail_domains as free), false) as is_freemail
    from contacts
    cross join lateral (select {{ email_domain('contacts.email') }} as email_domain) as address
    where not contacts.is_archived
),

placed_contacts as (
    select
        contact.*,
        company.name as crm_company_name,
        company.industry as crm_industry,
        company.employees as crm_employees,
        company.country as crm_country,
        company.owner_id as company_owner_id,
        business.domain as company_domain
    from addressed_contacts as contact
    left join companies as company on contact.company_id = company.company_id
    cross join lateral (
        select
            coalesce(
                {{ not_free_mail('company.domain') }},
                {{ not_free_mail('contact.email_domain') }},
                {{ not_free_mail(web_domain('contact.website')) }}
            ) as domain
    ) as business
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
