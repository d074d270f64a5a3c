select
    version.version_id,
    version.id as contact_id,
    {{ property('hs_analytics_source') }} as first_source,
    {{ property('hs_analytics_source_data_1') }} as first_source_detail,
    {{ property('hs_analytics_first_url') }} as first_url,
    {{ property('hs_analytics_first_touch_converting_campaign') }} as first_campaign,
    {{ property('hs_latest_source') }} as latest_source,
    {{ property('hs_latest_source_data_1') }} as latest_source_detail,
    {{ property('hs_analytics_last_touch_converting_campaign') }} as latest_campaign,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('createdate')) }} as created_at,
    {{ as_instant(property('hs_latest_source_timestamp')) }} as latest_source_at,
    version.updated_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_contacts') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and ({{ is_readable('hubspot_contacts') }})
