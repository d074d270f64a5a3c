select
    held.flood_id,
    held.lead_id,
    held.product_id,
    flood.answer,
    held.held_at,
    flood.answered_at
from {{ source('handoff', 'flood_leads') }} as held
inner join {{ source('handoff', 'floods') }} as flood on held.flood_id = flood.flood_id
where held.held_at <= {{ known_by() }}
