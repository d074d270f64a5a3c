{{ config(materialized='ephemeral') }}

with

-- Nothing here is materialized, so that who asks for a few leads reads these alone.
leads as not materialized (
    select lead_id, owner_id, company_id, company_owner_id, as_of from {{ ref('int_leads') }}
),

contact_companies as not materialized (
    select * from {{ ref('stg_hubspot__contact_companies') }}
),

open_deals as not materialized (
    select * from {{ ref('stg_hubspot__deals') }}
    where not is_closed and not is_archived and owner_id is not null
),

able_owners as not materialized (
    select crm_owner_id from {{ ref('int_reps') }}
    where unavailable_because is null
),

-- The person's own deal, or else one of a colleague; the newest. If its owner may take nothing, the first after it of
-- somebody who may: whoever renews contracts and is no rep must not hide who is selling there.
deals as not materialized (
    select leads.lead_id, ranked.owner_id, ranked.deal_id
    from leads
    cross join
        lateral (
            select found.*, min(found.place) filter (where found.is_able) over () as first_able
            from (
                select
                    open_deals.owner_id, open_deals.deal_id,
                    open_deals.owner_id in (select able_owners.crm_owner_id from able_owners) as is_able,
                    row_number() over (
                        order by
                            leads.lead_id = any(open_deals.contact_ids) desc, open_deals.created_at desc nulls last,
                            open_deals.deal_id
                    ) as place
                from open_deals
                where
                    open_deals.contact_ids && (
                        array[leads.lead_id]
                        || array(
                            select colleague.contact_id from contact_companies as colleague
                            where colleague.company_id = leads.company_id
                        )
                    )
                    -- A backtest looks back from where deals are known that were made long after the lead's moment.
                    and coalesce(open_deals.created_at <= leads.as_of, true)
            ) as found
        ) as ranked
    where ranked.place in (1, ranked.first_able)
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
