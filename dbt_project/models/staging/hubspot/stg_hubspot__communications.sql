select
    version.id as communication_id,
    version.contact_ids,
    {{ property('hubspot_owner_id') }} as owner_id,
    {{ property('hs_object_source') }} as origin,
    {{ property('hs_communication_channel_type') }} as channel,
    upper({{ property('hs_communication_logged_from') }}) as logged_from,
    {{ property('hs_communication_body') }} as body,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('hs_timestamp')) }} as occurred_at,
    {{ as_instant(property('hs_createdate')) }} as logged_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_communications') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_communications'), 'version') }}
    and ({{ is_readable('hubspot_communications') }})
