select
    quarantine_id,
    stream,
    loaded_at
from {{ source('raw', 'quarantine') }}
where
    loaded_at <= {{ known_by() }}
    and kind = 'record'
