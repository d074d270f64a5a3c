select
    version.id as call_id,
    version.contact_ids,
    {{ property('hubspot_owner_id') }} as owner_id,
    {{ property('hs_object_source') }} as origin,
    {{ property('hs_call_title') }} as title,
    upper({{ property('hs_call_direction') }}) as direction,
    upper({{ property('hs_call_status') }}) as status,
    {{ as_number(property('hs_call_duration')) }} as duration_ms,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('hs_timestamp')) }} as occurred_at,
    {{ as_instant(property('hs_createdate')) }} as logged_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_calls') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_calls'), 'version') }}
    and ({{ is_readable('hubspot_calls') }})
