"""Contacts that were deleted in the CRM: no model has a row of them, and the ledger has their story until retention."""

from dataclasses import dataclass
from datetime import datetime

from handoff.ledger.db import Connection, Row


@dataclass(frozen=True)
class Deleted:
    """When a contact's end came to light, and the last moment at which it was known; None when nothing of that is kept.

    Both are of the landing, as every moment is that is explained.
    """

    noticed_at: datetime
    last_known_at: datetime | None


def read(connection: Connection, lead_id: str, at: datetime | None) -> tuple[Row, Deleted] | None:
    """A lead as its last handoff knew it, with the columns of a living one; None where no deletion was known by then.

    Whoever was merged lives on under another id, and of whom the CRM erased nothing is told.
    """
    row = connection.execute(_DELETED, {"lead": lead_id, "at": at or "infinity"}).fetchone()
    if row is None:
        return None
    return row, Deleted(row.pop("noticed_at"), row.pop("last_known_at"))


_DELETED = """
with versions as (
    select updated_at, version_id, loaded_at, payload, coalesce(payload ->> 'archived', 'false') = 'true' as is_archived
    from raw.hubspot_contacts where id = %(lead)s and loaded_at <= %(at)s::timestamptz
),
newest as (
    select * from versions order by updated_at desc, version_id desc limit 1
),
living as (
    select * from versions where not is_archived order by updated_at desc, version_id desc limit 1
),
ended as (
    select min(version.loaded_at) as noticed_at from versions as version
    where not exists (
        select from living where (living.updated_at, living.version_id) >= (version.updated_at, version.version_id)
    )
)
select %(lead)s as lead_id, handed.context #>> '{lead,name}' as full_name, handed.context #>> '{lead,email}' as email,
    handed.context #>> '{lead,title}' as title, handed.context #>> '{lead,linkedin_url}' as linkedin_url,
    handed.context #>> '{company,name}' as company_name, handed.context #>> '{company,industry}' as industry,
    handed.context #> '{company,employees}' as employees, handed.context #>> '{lead,country}' as country,
    null as lifecycle_stage, null as account_match_method,
    null as account_match_confidence, null as account_match_reason, null as as_of, ended.noticed_at,
    -- To the second where one lies between: that is what a person writes.
    greatest(living.loaded_at, date_trunc('second', ended.noticed_at - interval '1 microsecond')) as last_known_at
from newest
cross join ended
left join living on living.loaded_at < ended.noticed_at
left join lateral (
    select context from handoff.handoffs where lead_id = %(lead)s and routed_at <= %(at)s::timestamptz
    order by routed_at desc, handoff_id limit 1
) as handed on true
where newest.is_archived and not newest.payload ? 'mergedInto'
and coalesce(newest.payload ->> 'isErased', 'false') <> 'true'
"""
