"""What reps have said in the CRM, by the lead's status, that the ledger does not hold yet."""

from datetime import datetime

from handoff.ledger.db import Connection, Row
from handoff.watch.breaches import INDEX_LAG

REFUSED = "refused:"
"""Beginning of the key of a line about an answer that changes nothing; its second follows."""


def unrecorded(connection: Connection, as_of: datetime, contact_id: str | None = None) -> list[Row]:
    """Rows of `line.int_crm_dispositions`, of every contact or of one, each with `is_waiting`: whether its reason may
    still come. In a transaction of the caller's.

    A reason counts for so many minutes after the status and may be landed later, so time runs here as far as contacts
    have been read; where the CRM lets us read none any more, nothing is waited for longer.

    Args:
        contact_id: the present one.
    """
    connection.execute(_AS_OF, (as_of.isoformat(),))
    found = connection.execute(_FOUND, {"at": as_of, "lag": INDEX_LAG, "contact": contact_id}).fetchall()
    # What else the transaction reads is of the present.
    connection.execute(_AS_OF, ("",))
    return found


_AS_OF = "select set_config('handoff.as_of', %s, true)"
# Of an answer that changed nothing the ledger has the line below the card alone. What is chosen instead may be the
# second save of one answer, and then counts from the same moment.
_FOUND = f"""
select found.*, coalesce(found.waits_until > least(%(at)s, contacts.read_until), false) as is_waiting
from line.int_crm_dispositions as found
cross join (
    select min(seen_until) - %(lag)s as read_until from handoff.cursors
    where stream = 'hubspot_contacts'
    and not exists (select from handoff.lacks where lacks.stream = cursors.stream)
) as contacts
where (%(contact)s::text is null or found.lead_id = %(contact)s)
and (found.kind <> 'declined' or not exists (
    select from handoff.outbox as told
    where told.handoff_id = found.handoff_id and told.kind in ('slack_thread', 'slack_call')
    and told.dedupe_key like '%%:{REFUSED}' || floor(extract(epoch from found.occurred_at))
))
order by found.handoff_id, found.assignment_id
"""
