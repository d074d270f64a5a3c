"""Who had a lead in the cycle before and did not keep it, and who has it for another product: the first get it last,
the second first."""

from datetime import datetime
from typing import TYPE_CHECKING

from psycopg import sql

from handoff.ledger import aliases
from handoff.ledger.db import Connection, Row
from handoff.route.contexts import Where
from handoff.sync.plan import chosen_at

if TYPE_CHECKING:
    from handoff.route.decisions import Decision


def before(connection: Connection, decision: "Decision", as_of: datetime) -> list[str]:
    """The same of an MQL that is to be handed over; nobody for one that never was."""
    return had(connection, decision.lead_id, decision.product_id, as_of) if decision.cycle > 1 else []


def had(connection: Connection, lead_id: str, product_id: str, as_of: datetime) -> list[str]:
    """Reps who rejected the lead's last handoff before `as_of`, handed it on or let its time run out, as it was known
    then.

    An older one does not count: a lead that comes back for the third time may go to whoever had it first.
    """
    rows = connection.execute(
        _HAD,
        {"ids": aliases.ids_of(connection, "contacts", lead_id, as_of), "product": product_id, "at": as_of},
    )
    return [row["rep_id"] for row in rows]


# What became of one of several that were merged is told by the one that stayed.
_HAD = """
with last as (
    select handoff.handoff_id from handoff.handoffs as handoff
    where handoff.lead_id = any(%(ids)s) and handoff.product_id = %(product)s and handoff.routed_at < %(at)s
    and not exists (
        select from handoff.dispositions as merged where merged.handoff_id = handoff.handoff_id
        and merged.kind = 'withdrawn' and merged.reason_id = 'merged' and merged.recorded_at <= %(at)s
    )
    order by handoff.routed_at desc, handoff.handoff_id limit 1
)
select distinct assignment.rep_id
from handoff.assignments as assignment
inner join last using (handoff_id)
where assignment.assigned_at < %(at)s and (
    exists (
        select from handoff.breaches as breach
        where breach.assignment_id = assignment.assignment_id and breach.marked_at <= %(at)s
    )
    or exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = assignment.handoff_id and answer.kind in ('rejected', 'declined')
        and answer.recorded_at <= %(at)s
        and assignment.assignment_id = coalesce(answer.assignment_id, (
            select max(newest.assignment_id) from handoff.assignments as newest
            where newest.handoff_id = answer.handoff_id and newest.assigned_at <= answer.occurred_at
        ))
    )
)
order by assignment.rep_id
"""


def keeper(
    connection: Connection, lead_id: str, product_id: str, at: datetime, where: Where, earlier_than: Row | None = None
) -> str | None:
    """The rep who had the lead at a moment for another product, as it was known then; whoever had it first, who is its
    owner in the CRM. Nobody has it any more after first contact, nor whom a person has put another owner in place of.

    Args:
        earlier_than: as it was before this row of `handoff.assignments`.
    """
    rows = connection.execute(
        sql.SQL(_KEEPERS).format(reps=sql.Identifier(where.agreement, "reps")),
        {
            "ids": aliases.ids_of(connection, "contacts", lead_id, at),
            "product": product_id,
            "at": at,
            "before": earlier_than["assignment_id"] if earlier_than else None,
        },
    ).fetchall()
    if not rows:
        return None
    contact = connection.execute(_OWNER, {"id": lead_id, "at": at}).fetchone() or {}
    by_hand_at = chosen_at(contact.get("versions") or ())
    for row in rows:
        if by_hand_at is None or by_hand_at <= row["extracted_at"] or contact["owner_id"] == row["crm_owner_id"]:
            return str(row["rep_id"])
    return None


_KEEPERS = """
select newest.rep_id, rep.crm_owner_id, handoff.extracted_at
from handoff.handoffs as handoff
cross join lateral (
    select assignment.rep_id, assignment.assigned_at from handoff.assignments as assignment
    where assignment.handoff_id = handoff.handoff_id and assignment.assigned_at <= %(at)s
    and (%(before)s::bigint is null or assignment.assignment_id < %(before)s)
    order by assignment.assignment_id desc limit 1
) as newest
left join {reps} as rep
    on rep.rep_id = newest.rep_id and rep.valid_from <= newest.assigned_at and newest.assigned_at < rep.valid_to
where handoff.lead_id = any(%(ids)s) and handoff.product_id <> %(product)s
and not exists (
    select from handoff.dispositions as ended where ended.handoff_id = handoff.handoff_id
    and ended.kind in ('contacted', 'rejected', 'withdrawn') and ended.recorded_at <= %(at)s
)
order by handoff.routed_at, handoff.handoff_id
"""
_OWNER = """
select payload #>> '{properties,hubspot_owner_id}' as owner_id,
    payload #> '{propertiesWithHistory,hubspot_owner_id}' as versions
from raw.hubspot_contacts
where id = %(id)s and loaded_at <= %(at)s
order by updated_at desc, version_id desc limit 1
"""
