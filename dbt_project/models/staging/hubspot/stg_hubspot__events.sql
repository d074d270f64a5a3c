select
    version.id as event_id,
    version.contact_ids,
    version.payload ->> 'objectId' as contact_id,
    version.payload ->> 'eventType' as event_type,
    {{ property('hs_url') }} as url,
    {{ property('hs_title') }} as page_title,
    {{ property('hs_email_subject') }} as email_subject,
    {{ property('hs_campaign_name') }} as email_campaign,
    {{ property('hs_session_source') }} as session_source,
    {{ property('hs_utm_source') }} as utm_source,
    {{ property('hs_utm_medium') }} as utm_medium,
    {{ property('hs_utm_campaign') }} as utm_campaign,
    {{ as_instant("version.payload ->> 'occurredAt'") }} as occurred_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_events') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_events'), 'version') }}
    and ({{ is_readable('hubspot_events') }})
