{{ config(materialized='view') }}

with

contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
    where not is_archived
),

addresses as (
    select * from {{ ref('stg_identity__email_addresses') }}
),

hosts as (
    select * from {{ ref('stg_identity__hosts') }}
),

company_names as (
    select * from {{ ref('stg_identity__company_names') }}
),

free_mail_domains as not materialized (
    select * from {{ ref('free_mail_domains') }}
),

page_hosts as not materialized (
    select * from {{ ref('page_hosts') }}
),

countries as not materialized (
    select * from {{ ref('countries') }}
),

final as (
    select
        contact.*,
        said.*
    from contacts as contact
    left join lateral (
        -- The limit keeps the planner from copying these expressions to wherever a column of theirs is used.
        select
            address.folded as email_key,
            mail.domain as email_domain,
            {{ is_anybodys('mail') }} as is_freemail,
            {{ business_domain('mail') }} as business_domain,
            case when not {{ is_page_host('website') }} then {{ business_domain('website') }} end as website_domain,
            company_name.company_key,
            country.country as country_code
        from (select contact.email) as given
        left join addresses as address on address.address = {{ dictionary_key('given.email') }}
        left join hosts as website on website.host = {{ dictionary_key('contact.website') }}
        left join company_names as company_name on company_name.name = {{ dictionary_key('contact.company_name') }}
        left join countries as country on country.alias = lower(contact.country)
        left join lateral (
            -- An address that no library was asked about yet is read by its pattern.
            select case when address.address is null then {{ email_domain('given.email') }} end as domain
        ) as pattern on true
        left join lateral (
            select
                coalesce(address.domain, pattern.domain) as domain,
                coalesce(address.registrable_domain, address.domain, pattern.domain) as registrable_domain,
                address.is_free,
                address.is_disposable
        ) as mail on true
        limit 1
    ) as said on true
)

select * from final
