select
    version.id as company_id,
    {{ property('name') }} as name,
    lower({{ property('domain') }}) as domain,
    {{ dictionary_key("version.payload #>> '{properties,name}'") }} as dictionary_name,
    {{ dictionary_key("version.payload #>> '{properties,domain}'") }} as dictionary_domain,
    {{ property('industry') }} as industry,
    {{ property('country') }} as country,
    {{ property('state') }} as state,
    {{ property('city') }} as city,
    {{ property('lifecyclestage') }} as lifecycle_stage,
    {{ property('hubspot_owner_id') }} as owner_id,
    {{ as_count(property('numberofemployees')) }} as employees,
    {{ as_number(property('annualrevenue')) }} as annual_revenue,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    version.updated_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_companies') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_companies'), 'version') }}
    and ({{ is_readable('hubspot_companies') }})
