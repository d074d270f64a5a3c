{{ config(materialized='ephemeral') }}

with

-- Nothing here is materialized, so that who asks for a few leads reads these alone.
leads as not materialized (
    select lead_id, owner_id, company_id, company_owner_id from {{ ref('int_leads') }}
),

contact_companies as not materialized (
    select * from {{ ref('stg_hubspot__contact_companies') }}
),

open_deals as not materialized (
    select * from {{ ref('stg_hubspot__deals') }}
    where not is_closed and not is_archived and owner_id is not null
),

-- The person's own deal, or else one of a colleague; the newest.
deals as not materialized (
    select leads.lead_id, newest.owner_id, newest.deal_id
    from leads
    cross join lateral (
        select open_deals.owner_id, open_deals.deal_id
        from open_deals
        where
            open_deals.contact_ids && (
                array[leads.lead_id]
                || array(
                    select colleague.contact_id from contact_companies as colleague
                    where colleague.company_id = leads.company_id
                )
            )
        order by
            leads.lead_id = any(open_deals.contact_ids) desc, open_deals.created_at desc nulls last, open_deals.deal_id
        limit 1
    ) as newest
),

final as (
    select lead_id, 'account_owner' as step, company_owner_id as crm_owner_id, 'CRM owner ' || company_owner_id as why
    from leads
    where company_owner_id is not null
    union all
    select lead_id, 'open_deal_owner' as step, owner_id as crm_owner_id, 'owner of deal ' || deal_id as why
    from deals
    union all
    select lead_id, 'contact_owner' as step, owner_id as crm_owner_id, 'CRM owner ' || owner_id as why
    from leads
    where owner_id is not null
)

select * from final
