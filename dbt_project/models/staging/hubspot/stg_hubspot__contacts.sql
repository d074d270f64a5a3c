select
    version.id as contact_id,
    version.contact_ids,
    lower({{ property('email') }}) as email,
    array(
        select distinct lower(btrim(address))
        from
            unnest(
                string_to_array(concat_ws(';', {{ property('email') }}, {{ property('hs_additional_emails') }}), ';')
            ) as address
        where btrim(address) <> ''
    ) as emails,
    {{ property('firstname') }} as first_name,
    {{ property('lastname') }} as last_name,
    {{ property('phone') }} as phone,
    {{ property('jobtitle') }} as title,
    {{ property('company') }} as company_name,
    {{ property('country') }} as country,
    {{ property('state') }} as state,
    {{ property('city') }} as city,
    lower({{ property('website') }}) as website,
    {{ property('industry') }} as industry,
    {{ as_count(property('numberofemployees')) }} as employees,
    {{ property('lifecyclestage') }} as lifecycle_stage,
    {{ property('hs_lead_status') }} as lead_status,
    {{ as_instant(version_of('hs_lead_status', 'timestamp')) }} as lead_status_at,
    coalesce(
        {{ version_of('hs_lead_status', 'updatedByUserId') }} is not null
        or {{ version_of('hs_lead_status', 'sourceType') }} ~ '^(CRM_UI|CONTACTS_WEB|MOBILE|BULK|IMPORT)',
        version.payload #> '{propertiesWithHistory,hs_lead_status,0}' is null
    ) as is_lead_status_by_hand,
    {{ as_text(version_of('hs_lead_status', 'updatedByUserId')) }} as lead_status_by,
    {{ property('hubspot_owner_id') }} as owner_id,
    coalesce(
        {{ property('associatedcompanyid') }}, version.payload #>> '{associations,companies,results,0,id}'
    ) as company_id,
    case
        when {{ property('associatedcompanyid') }} is not null then array[{{ property('associatedcompanyid') }}]
        else
            array(
                select distinct linked.company #>> '{}'
                from jsonb_path_query(version.payload, '$.associations.companies.results[*].id') as linked (company)
            )
    end as associated_company_ids,
    {{ property('hs_analytics_source') }} as first_source,
    {{ property('hs_analytics_source_data_1') }} as first_source_detail,
    {{ property('hs_latest_source') }} as latest_source,
    {{ property('hs_latest_source_data_1') }} as latest_source_detail,
    {{ property('hs_analytics_first_touch_converting_campaign') }} as first_campaign,
    {{ property('hs_analytics_last_touch_converting_campaign') }} as latest_campaign,
    {{ property('hs_linkedin_url') }} as linkedin_url,
    {{ property('recent_conversion_event_name') }} as latest_conversion_name,
    {{ property('handoff_rejection_reason') }} as rejection_reason_id,
    -- When a person gave it; an application's is no answer.
    case
        when
            {{ version_of('handoff_rejection_reason', 'updatedByUserId') }} is not null
            or {{ version_of('handoff_rejection_reason', 'sourceType') }}
            ~ '^(CRM_UI|CONTACTS_WEB|MOBILE|BULK|IMPORT)'
            then {{ as_instant(version_of('handoff_rejection_reason', 'timestamp')) }}
    end as rejection_reason_at,
    {{ as_text(version_of('handoff_rejection_reason', 'updatedByUserId')) }} as rejection_reason_by,
    {{ as_count(property('hs_analytics_num_page_views')) }} as page_views,
    {{ as_count(property('hs_analytics_num_visits')) }} as visits,
    {{ as_count(property('hs_email_bounce')) }} as bounces,
    {{ as_flag(property('hs_email_optout')) }} as is_opted_out,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('hs_analytics_last_visit_timestamp')) }} as last_visit_at,
    {{ as_instant(property('hs_email_last_open_date')) }} as last_email_open_at,
    {{ as_instant(property('hs_email_last_click_date')) }} as last_email_click_at,
    {{ as_instant(property('recent_conversion_date')) }} as latest_conversion_at,
    {{ as_instant(property('createdate')) }} as created_at,
    version.updated_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_contacts') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_contacts'), 'version') }}
    and ({{ is_readable('hubspot_contacts') }})
