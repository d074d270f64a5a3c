select
    lead_id,
    product_id,
    definition_id,
    definition_version,
    tier_id,
    score,
    reason,
    trigger_at,
    decided_at
from {{ source('handoff', 'shadow_decisions') }}
where decided_at <= {{ known_by() }}
