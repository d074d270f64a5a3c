select
    product_id,
    live_at
from {{ source('handoff', 'go_live') }}
