select
    held.flood_id,
    held.lead_id,
    held.product_id,
    held.held_at,
    case when flood.answered_at <= {{ known_by() }} then flood.answer end as answer,
    case when flood.answered_at <= {{ known_by() }} then flood.answered_at end as answered_at
from {{ source('handoff', 'flood_leads') }} as held
inner join {{ source('handoff', 'floods') }} as flood on held.flood_id = flood.flood_id
where held.held_at <= {{ known_by() }}
