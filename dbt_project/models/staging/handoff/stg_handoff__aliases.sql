select
    old_id as former_lead_id,
    id as lead_id,
    noticed_at
from {{ source('handoff', 'aliases') }}
where object_type = 'contacts' and noticed_at <= {{ known_by() }}
union all
select
    old_id as former_lead_id,
    id as lead_id,
    noticed_at
from {{ source('handoff', 'former_aliases') }}
where object_type = 'contacts' and noticed_at <= {{ known_by() }} and replaced_at > {{ known_by() }}
