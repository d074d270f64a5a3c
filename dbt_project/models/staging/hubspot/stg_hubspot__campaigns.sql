select
    version.id as campaign_id,
    {{ property('hs_name') }} as name,
    {{ property('hs_utm') }} as utm_campaign,
    version.updated_at,
    version.loaded_at as extracted_at
from {{ source('raw_campaigns', 'hubspot_campaigns') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw_campaigns', 'hubspot_campaigns'), 'version') }}
