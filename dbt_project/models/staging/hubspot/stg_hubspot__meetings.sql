select
    version.id as meeting_id,
    version.contact_ids,
    {{ property('hubspot_owner_id') }} as owner_id,
    {{ property('hs_object_source') }} as origin,
    {{ property('hs_meeting_title') }} as title,
    upper({{ property('hs_meeting_source') }}) as booked_through,
    upper({{ property('hs_meeting_outcome') }}) as outcome,
    {{ as_instant(property('hs_meeting_start_time')) }} as starts_at,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('hs_timestamp')) }} as occurred_at,
    {{ as_instant(property('hs_createdate')) }} as logged_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_meetings') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_meetings'), 'version') }}
    and ({{ is_readable('hubspot_meetings') }})
