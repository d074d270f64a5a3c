select
    entry.name,
    entry.key as company_key
from {{ source('identity', 'company_names') }} as entry
