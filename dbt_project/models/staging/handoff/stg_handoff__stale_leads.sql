select
    entry_id,
    lead_id
from {{ source('handoff', 'stale_leads') }}
