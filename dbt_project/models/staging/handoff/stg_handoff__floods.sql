select
    flood_id,
    opened_at
from {{ source('handoff', 'floods') }}
where opened_at <= {{ known_by() }}
