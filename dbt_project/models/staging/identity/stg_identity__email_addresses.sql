select
    entry.address,
    entry.folded,
    entry.domain,
    entry.registrable_domain,
    entry.is_free,
    entry.is_disposable
from {{ source('identity', 'email_addresses') }} as entry
