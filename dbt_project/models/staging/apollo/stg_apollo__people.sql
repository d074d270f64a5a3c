select
    version.id as email,
    jsonb_typeof(version.payload -> 'person') = 'object' as is_found,
    {{ as_text("version.payload #>> '{person,first_name}'") }} as first_name,
    {{ as_text("version.payload #>> '{person,last_name}'") }} as last_name,
    {{ as_text("version.payload #>> '{person,title}'") }} as title,
    {{ as_text("version.payload #>> '{person,seniority}'") }} as seniority,
    {{ as_text("version.payload #>> '{person,linkedin_url}'") }} as linkedin_url,
    {{ as_text("version.payload #>> '{person,country}'") }} as country,
    {{ as_text("version.payload #>> '{person,organization,name}'") }} as company_name,
    {{ as_text("version.payload #>> '{person,organization,industry}'") }} as industry,
    {{ as_count("version.payload #>> '{person,organization,estimated_num_employees}'") }} as employees,
    version.updated_at as fetched_at
from {{ source('raw', 'apollo_people') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'apollo_people'), 'version') }}
