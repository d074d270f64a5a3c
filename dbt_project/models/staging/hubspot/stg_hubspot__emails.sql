select
    version.id as email_id,
    version.contact_ids,
    {{ property('hubspot_owner_id') }} as owner_id,
    {{ property('hs_object_source') }} as origin,
    {{ property('hs_email_subject') }} as subject,
    upper({{ property('hs_email_direction') }}) as direction,
    upper({{ property('hs_email_status') }}) as status,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('hs_timestamp')) }} as occurred_at,
    {{ as_instant(property('hs_createdate')) }} as logged_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_emails') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_emails'), 'version') }}
    and ({{ is_readable('hubspot_emails') }})
