"""A lead that is handed over anew: nobody may be ending, or have just ended, the handoff before."""

from datetime import datetime

from handoff.ledger import aliases
from handoff.ledger.db import Connection
from handoff.notify import cards
from handoff.route.decisions import Decision
from handoff.watch.lock import lock


def lock_former(connection: Connection, decision: Decision) -> list[str]:
    """Wait for whoever is changing the lead's former handoffs for the product; returns their ids.

    Held until the caller's transaction ends, so that an answer to one of them is seen, or sees the new one.
    """
    if decision.cycle == 1:
        return []
    rows = connection.execute(
        "select handoff_id from handoff.handoffs where lead_id = any(%s) and product_id = %s order by handoff_id",
        (aliases.ids_of(connection, "contacts", decision.lead_id), decision.product_id),
    ).fetchall()
    for row in rows:
        lock(connection, row["handoff_id"])
    return [row["handoff_id"] for row in rows]


def is_rejected(connection: Connection, former: list[str], decision: Decision, as_of: datetime) -> bool:
    """Whether one of them was rejected in a way that the decision does not know of: it may have to cool off.

    A rejection in the CRM counts as well that the watch has yet to record, or that waits for its reason.
    """
    if not former:
        return False
    given = {"former": former, "lead": decision.lead_id, "known": decision.rejected_at}
    if connection.execute(_RECORDED, given).rowcount:
        return True
    connection.execute(_AS_OF, (as_of.isoformat(),))
    found = connection.execute(_STATUS, given).rowcount and connection.execute(_FOUND, given).rowcount
    # What else the transaction reads is of the present.
    connection.execute(_AS_OF, ("",))
    return bool(found)


def refresh(connection: Connection, former: list[str], as_of: datetime) -> None:
    """Bring the cards of those up to date that sales was in touch about and has not ended: they had a button left."""
    rows = connection.execute(
        """select handoff_id from handoff.dispositions where handoff_id = any(%s)
        and kind in ('contacted', 'rejected', 'withdrawn') group by handoff_id having bool_and(kind = 'contacted')""",
        (former,),
    ).fetchall()
    for row in rows:
        cards.refresh(connection, row["handoff_id"], as_of)


_AS_OF = "select set_config('handoff.as_of', %s, true)"
_RECORDED = """
select from handoff.dispositions as rejection
where handoff_id = any(%(former)s) and kind = 'rejected'
and occurred_at > coalesce(%(known)s, '-infinity'::timestamptz)
and not exists (
    -- It counts for nothing that was taken back as a double.
    select from handoff.dispositions as withdrawal
    where withdrawal.handoff_id = rejection.handoff_id
    and withdrawal.kind = 'withdrawn' and withdrawal.reason_id = 'merged'
)
limit 1
"""
# `_FOUND` reads every assignment there is, a second or more of a long history; this reads one contact.
_STATUS = """
select from staging.stg_hubspot__contacts as contact
inner join agreement.crm_dispositions as said on said.lead_status = contact.lead_status and said.kind = 'rejected'
where contact.contact_id = %(lead)s and contact.is_lead_status_by_hand
and exists (
    select from handoff.assignments as given
    where given.handoff_id = any(%(former)s)
    and given.assigned_at
        <= greatest(coalesce(contact.lead_status_at, contact.updated_at), contact.rejection_reason_at)
    and not exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = given.handoff_id and answer.kind in ('rejected', 'withdrawn')
    )
)
"""
_FOUND = """
select from line.int_crm_dispositions where handoff_id = any(%(former)s) and kind = 'rejected' limit 1
"""
