select
    outbox_id,
    dedupe_key,
    handoff_id,
    kind,
    state,
    attempts,
    created_at,
    not_before,
    sent_at,
    last_attempt_at,
    result,
    last_error
from {{ source('handoff', 'outbox') }}
where created_at <= {{ known_by() }}
