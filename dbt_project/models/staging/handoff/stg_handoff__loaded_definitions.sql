select
    loads.load_id,
    loads.loaded_at,
    definition.definition_id,
    definition.version as definition_version,
    definition.status
from {{ source('handoff', 'loads') }} as loads
inner join {{ source('handoff', 'agreements') }} as agreements on loads.agreement_hash = agreements.agreement_hash
cross join
    jsonb_to_recordset(agreements.tables -> 'definitions')
    as definition (definition_id text, version text, status text)
where loads.loaded_at <= {{ known_by() }}
