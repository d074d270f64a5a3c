select
    pass_id,
    kind,
    stream,
    missed,
    finished_at
from {{ source('handoff', 'passes') }}
where finished_at <= {{ known_by() }}
