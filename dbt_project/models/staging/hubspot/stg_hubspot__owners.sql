select
    version.id as owner_id,
    {{ as_text("version.payload ->> 'userId'") }} as user_id,
    lower({{ as_text("version.payload ->> 'email'") }}) as email,
    {{ as_text("version.payload ->> 'firstName'") }} as first_name,
    {{ as_text("version.payload ->> 'lastName'") }} as last_name,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    version.updated_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_owners') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_owners'), 'version') }}
