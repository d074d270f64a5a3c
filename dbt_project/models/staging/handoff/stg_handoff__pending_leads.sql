select
    lead_id,
    batch_id,
    received_at,
    extracted_at
from {{ source('handoff', 'pending_leads') }}
