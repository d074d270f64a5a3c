select
    handoff_id,
    lead_id,
    product_id,
    cycle,
    definition_id,
    definition_version,
    tier_id,
    score,
    trigger_activity_id,
    trigger_kind,
    context,
    as_of,
    event_at,
    received_at,
    extracted_at,
    qualified_at,
    routed_at
from {{ source('handoff', 'handoffs') }}
where routed_at <= {{ known_by() }}
