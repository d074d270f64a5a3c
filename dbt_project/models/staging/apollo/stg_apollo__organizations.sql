select
    version.id as domain,
    jsonb_typeof(version.payload -> 'organization') = 'object' as is_found,
    {{ as_text("version.payload #>> '{organization,name}'") }} as name,
    {{ as_text("version.payload #>> '{organization,industry}'") }} as industry,
    {{ as_text("version.payload #>> '{organization,country}'") }} as country,
    {{ as_text("version.payload #>> '{organization,linkedin_url}'") }} as linkedin_url,
    {{ as_count("version.payload #>> '{organization,estimated_num_employees}'") }} as employees,
    version.updated_at as fetched_at
from {{ source('raw', 'apollo_organizations') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'apollo_organizations'), 'version') }}
