"""Two handoffs of people who became one: the CRM's one contact is to say what holds of the handoff that stays.

HubSpot keeps the values of the record that was merged into, which may be those of the handoff that was withdrawn.
"""

from datetime import datetime

from handoff.ledger import outbox
from handoff.ledger.db import Connection
from handoff.notify import history
from handoff.notify.context import BadContext
from handoff.sync.targets import kept_target, status_by


def tell_crm(connection: Connection, gone_id: str, contact_id: str, as_of: datetime) -> int:
    """Queue it in the caller's transaction, after the withdrawal; returns how many effects are new.

    Args:
        gone_id: the handoff that was withdrawn; what was still to be written of it is written no more.
        contact_id: who both people are now.
    """
    connection.execute(
        """update handoff.outbox set state = 'withdrawn', last_error = 'the contact says what holds of another handoff'
        where handoff_id = %s and kind = 'hubspot_contact' and state = 'pending'""",
        (gone_id,),
    )
    row = connection.execute(_KEPT, {"gone": gone_id, "contact": contact_id}).fetchone()
    if row is None:
        return 0
    try:
        told = history.read(connection, row["handoff_id"], as_of)
    except BadContext:
        return 0
    turn, contacted = told.current, told.of_handoff("contacted")
    status = "breached" if turn.is_breached else "due"
    if contacted is not None:
        status = status_by(contacted.at, told.in_force_at(contacted.at).due_at)
    former = history.turns_of(connection, gone_id)[-1]
    target = kept_target(
        contact_id,
        told.context,
        row["as_of"],
        turn.due_at,
        turn.crm_owner_id,
        status,
        contacted.at if contacted else None,
        expected_owner_id=former.crm_owner_id,
        read_at=former.assigned_at,
    )
    key = f"hubspot_contact:{row['handoff_id']}:{turn.assignment_id}:merged:{gone_id}"
    return outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"]))


_KEPT = """
with ids as (
    select %(contact)s::text as id
    union all
    select old_id from handoff.aliases where object_type = 'contacts' and id = %(contact)s
)
select kept.handoff_id, kept.as_of
from handoff.handoffs as kept
inner join ids on ids.id = kept.lead_id
inner join handoff.handoffs as gone on gone.handoff_id = %(gone)s and gone.product_id = kept.product_id
where kept.handoff_id <> gone.handoff_id and not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = kept.handoff_id and answer.kind in ('rejected', 'withdrawn')
)
order by
    not exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = kept.handoff_id and answer.kind = 'contacted'
    ),
    kept.routed_at, kept.handoff_id
limit 1
"""
