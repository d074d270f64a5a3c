select
    rep_id,
    manager_id,
    crm_owner_id,
    calendar_id,
    time_zone,
    has_left,
    is_away
from {{ ref('dim_reps') }}
