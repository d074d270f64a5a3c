select
    version.id as deal_id,
    version.contact_ids,
    {{ property('hubspot_owner_id') }} as owner_id,
    {{ property('dealname') }} as name,
    {{ property('dealstage') }} as stage,
    {{ property('pipeline') }} as pipeline,
    coalesce(({{ as_flag(property('hs_is_closed')) }}), false) as is_closed,
    coalesce(({{ as_flag(property('hs_is_closed_won')) }}), false) as is_won,
    coalesce(({{ as_flag("version.payload ->> 'archived'") }}), false) as is_archived,
    {{ as_instant(property('createdate')) }} as created_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_deals') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_deals'), 'version') }}
