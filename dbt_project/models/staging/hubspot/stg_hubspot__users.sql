select
    version.id as user_record_id,
    {{ property('hs_internal_user_id') }} as user_id,
    lower({{ property('hs_email') }}) as email,
    {{ property('hs_standard_time_zone') }} as time_zone,
    case
        when pg_input_is_valid({{ property('hs_out_of_office_hours') }}, 'jsonb')
            then ({{ property('hs_out_of_office_hours') }})::jsonb
    end as out_of_office,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_users') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_users'), 'version') }}
