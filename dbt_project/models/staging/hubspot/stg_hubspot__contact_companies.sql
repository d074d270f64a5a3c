select
    version.id as contact_id,
    -- To the letter as it is indexed: whoever asks for the people of one company must not read all people.
    version.payload -> 'properties' ->> 'associatedcompanyid' as company_id
from {{ source('raw', 'hubspot_contacts') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_contacts'), 'version') }}
