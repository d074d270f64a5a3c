select
    assignment_id,
    began_at,
    ended_at,
    reason,
    due_at
from {{ source('handoff', 'clock_pauses') }}
where ended_at <= {{ known_by() }}
