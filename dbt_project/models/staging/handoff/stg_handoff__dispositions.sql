select
    disposition_id,
    handoff_id,
    assignment_id,
    kind,
    reason_id,
    owner_id,
    occurred_at,
    recorded_at,
    evidence ? 'hs_lead_status' as is_of_crm
from {{ source('handoff', 'dispositions') }}
where recorded_at <= {{ known_by() }}
