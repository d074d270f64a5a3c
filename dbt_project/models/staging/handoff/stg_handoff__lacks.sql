select
    stream,
    reason,
    noticed_at
from {{ source('handoff', 'lacks') }}
where noticed_at <= {{ known_by() }}
