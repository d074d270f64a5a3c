select
    version.version_id,
    version.id as contact_id,
    {{ as_text("entry.change ->> 'value'") }} as lifecycle_stage,
    {{ as_instant("entry.change ->> 'timestamp'") }} as occurred_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_contacts') }} as version
cross join lateral jsonb_path_query(version.payload, '$.propertiesWithHistory.lifecyclestage[*]') as entry (change)
where
    version.loaded_at <= {{ known_by() }}
    and ({{ is_readable('hubspot_contacts') }})
    and {{ as_instant("entry.change ->> 'timestamp'") }} is not null
