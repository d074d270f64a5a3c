select
    lead_id,
    known_from,
    facts
from {{ source('handoff', 'lead_facts') }}
where known_from <= {{ known_by() }}
