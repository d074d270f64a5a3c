select
    stream,
    seen_until,
    watermark
from {{ source('handoff', 'cursors') }}
