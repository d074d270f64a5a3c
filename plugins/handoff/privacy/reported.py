"""Erase those whom the CRM has erased: what HubSpot deleted for privacy has a last version that says so."""

import logging
from datetime import datetime

import psycopg

from handoff import crash
from handoff.ledger.db import Connection
from handoff.privacy.erase import erase as erase_person
from handoff.privacy.person import of_contact
from handoff.route.unforeseen import attempt

log = logging.getLogger(__name__)

BUSY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
"""Errors after which nothing was changed and another try may do."""

_REPORTED = """
select pending.lead_id from handoff.pending_leads as pending
cross join lateral (
    select coalesce(payload ->> 'isErased', 'false') = 'true' as is_erased from raw.hubspot_contacts as contact
    where contact.id = pending.lead_id
    order by contact.updated_at desc, contact.version_id desc limit 1
) as newest
where pending.batch_id <= %s and newest.is_erased
order by pending.lead_id
"""


def erase(
    connection: Connection, batch_id: int, as_of: datetime, raised: dict[str, Exception]
) -> tuple[int, list[str]]:
    """Erase the pending leads whose contact the CRM has erased; how many, and ids that must wait for the next run.

    Args:
        raised: by pending lead, what was raised in this run; what raises here is added.
    """
    done, left = 0, []
    for row in connection.execute(_REPORTED, (batch_id,)).fetchall():
        try:
            done += attempt(raised, row["lead_id"], _erase, connection, row["lead_id"], as_of) or False
        except BUSY as problem:
            log.warning("contact %s is erased by the next run: %s", row["lead_id"], type(problem).__name__)
            left.append(row["lead_id"])
    return done, left


def _erase(connection: Connection, lead_id: str, as_of: datetime) -> bool:
    erase_person(connection, of_contact(connection, lead_id), as_of, "crm")
    crash.point("route.erasure.committed")
    return True
