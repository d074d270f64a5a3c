select
    entry.host,
    entry.hostname as domain,
    entry.registrable_domain,
    entry.is_free,
    entry.is_disposable
from {{ source('identity', 'hosts') }} as entry
