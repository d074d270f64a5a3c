select
    inbox_id,
    received_at,
    processed_at
from {{ source('handoff', 'inbox') }}
where received_at <= {{ known_by() }}
