select
    batch_id,
    source,
    started_at
from {{ source('raw', 'batches') }}
where started_at <= {{ known_by() }}
