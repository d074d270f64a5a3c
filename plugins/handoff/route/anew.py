"""A lead that is handed over anew: nobody may be ending, or have just ended, the handoff before."""

from collections.abc import Sequence
from datetime import datetime

from handoff.ledger import aliases
from handoff.ledger.db import Connection, Row
from handoff.notify import cards
from handoff.route.decisions import Decision
from handoff.watch import crm_said
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


def unrecorded(connection: Connection, decision: Decision, as_of: datetime) -> list[Row]:
    """What reps have said of the contact in the CRM that the watch has yet to record, for whatever product.

    The rows of `crm_said.unrecorded`. They are looked for only where the contact's own status may be such an answer.
    """
    ids = aliases.ids_of(connection, "contacts", decision.lead_id)
    if not connection.execute(_STATUS, {"lead": decision.lead_id, "ids": ids}).rowcount:
        return []
    return crm_said.unrecorded(connection, as_of, decision.lead_id)


def is_rejected(connection: Connection, former: list[str], decision: Decision, said: Sequence[Row]) -> bool:
    """Whether one of the former was rejected in a way that the decision does not know of: it may have to cool off.

    A rejection in the CRM counts as well that the watch has yet to record, or that waits for its reason.
    """
    if any(each["handoff_id"] in former and each["kind"] == "rejected" for each in said):
        return True
    given = {"former": former, "known": decision.rejected_at}
    return bool(former and connection.execute(_RECORDED, given).rowcount)


def refresh(connection: Connection, former: list[str], as_of: datetime) -> None:
    """Bring the cards of those up to date that sales was in touch about and has not ended: they had a button left."""
    rows = connection.execute(
        """select handoff_id from handoff.dispositions where handoff_id = any(%s)
        and kind in ('contacted', 'rejected', 'withdrawn') group by handoff_id having bool_and(kind = 'contacted')""",
        (former,),
    ).fetchall()
    for row in rows:
        cards.refresh(connection, row["handoff_id"], as_of)


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
_STATUS = """
select from staging.stg_hubspot__contacts as contact
inner join agreement.crm_dispositions as said on said.lead_status = contact.lead_status
where contact.contact_id = %(lead)s and contact.is_lead_status_by_hand
and exists (
    select from handoff.handoffs as handoff
    where handoff.lead_id = any(%(ids)s)
    and handoff.routed_at
        <= greatest(coalesce(contact.lead_status_at, contact.updated_at), contact.rejection_reason_at)
    and not exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = handoff.handoff_id and (
            answer.kind in ('rejected', 'withdrawn')
            or (
                answer.kind = said.kind
                and answer.occurred_at >= coalesce(contact.lead_status_at, contact.updated_at)
            )
        )
    )
)
"""
