select
    assignment_id,
    due_at,
    marked_at
from {{ source('handoff', 'breaches') }}
where marked_at <= {{ known_by() }}
