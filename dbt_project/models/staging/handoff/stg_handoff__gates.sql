select
    gate_id,
    gate,
    is_open,
    evaluated_at
from {{ source('handoff', 'gates') }}
where evaluated_at <= {{ known_by() }}
