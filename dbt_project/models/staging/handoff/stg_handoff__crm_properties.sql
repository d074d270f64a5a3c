select
    property_id,
    is_present,
    type,
    accepted_type,
    options,
    accepted_options,
    checked_at
from {{ source('handoff', 'crm_properties') }}
