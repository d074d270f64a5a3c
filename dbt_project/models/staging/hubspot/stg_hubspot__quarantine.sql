select
    quarantine_id,
    stream,
    kind,
    loaded_at
from {{ source('raw', 'quarantine') }}
where loaded_at <= {{ known_by() }}
