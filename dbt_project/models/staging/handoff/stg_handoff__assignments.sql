select
    assignment_id,
    handoff_id,
    rep_id,
    pool_id,
    cause,
    reason,
    assigned_at,
    due_at
from {{ source('handoff', 'assignments') }}
where assigned_at <= {{ known_by() }}
