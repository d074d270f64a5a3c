select
    old_id as former_lead_id,
    id as lead_id,
    noticed_at
from {{ source('handoff', 'aliases') }}
where object_type = 'contacts' and noticed_at <= {{ known_by() }}
