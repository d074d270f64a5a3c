"""Contacts that became one: the CRM's one contact is to say what holds of the handoff that somebody has.

HubSpot keeps the values of the record that was merged into. They may be those of a handoff that was withdrawn or
rejected, or of a contact that was never handed over and has another owner.
"""

from datetime import datetime

from handoff import crash
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import history
from handoff.notify.context import BadContext
from handoff.route.unforeseen import attempt
from handoff.sync.conflicts import OWNER
from handoff.sync.targets import REASON, STATUS, kept_target, status_by
from handoff.watch.lock import lock


def tell_crm(connection: Connection, batch_id: int, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Queue it for the merges among the leads pending up to a batch, after the withdrawals; returns how many are new.

    Once per merge and assignment. Whoever has been handed on since the merge was written back to the one contact
    anyway, and where nobody's clock runs the contact stays as whoever merged it left it.

    Args:
        raised: by pending lead, what was raised in this run; what raises here is added.
    """
    rows = connection.execute(_KEPT, {"batch": batch_id, "at": as_of}).fetchall()
    return sum(attempt(raised, row["contact_id"], _tell_alone, connection, row, as_of) or 0 for row in rows)


def _tell_alone(connection: Connection, row: Row, as_of: datetime) -> int:
    with connection.transaction():
        told = _tell(connection, row, as_of)
    crash.point("route.merge.told")
    return told


def _tell(connection: Connection, row: Row, as_of: datetime) -> int:
    lock(connection, row["handoff_id"])
    connection.execute(
        """update handoff.outbox set state = 'withdrawn', last_error = 'the contact says what holds of another handoff'
        where handoff_id = any(%s) and kind = 'hubspot_contact' and state = 'pending'""",
        (row["others"],),
    )
    try:
        kept = history.read(connection, row["handoff_id"], as_of)
    except BadContext:
        return 0
    turn, contacted = kept.current, kept.of_handoff("contacted")
    status = "breached" if turn.is_breached else "due"
    if contacted is not None:
        status = status_by(contacted.at, kept.in_force_at(contacted.at).due_at)
    target = kept_target(
        row["contact_id"],
        kept.context,
        row["as_of"],
        turn.due_at,
        turn.crm_owner_id,
        status,
        contacted.at if contacted else None,
        expected=_read(connection, row) | {"read_at": turn.assigned_at.isoformat()},
    )
    key = f"hubspot_contact:{row['handoff_id']}:{turn.assignment_id}:merged:{row['contact_id']}"
    return outbox.put(connection, outbox.Effect(key, "hubspot_contact", target, as_of, row["handoff_id"]))


def _read(connection: Connection, row: Row) -> dict[str, str]:
    """What the contact said that may be replaced: an owner only if another handoff had made them one; a status and a
    reason unless a person gave them since, whose answer to this handoff they are."""
    owners = {history.turns_of(connection, each)[-1].crm_owner_id for each in row["others"]}
    said = {name: str(row["properties"].get(name) or "") for name in (OWNER, STATUS, REASON)}
    return said if said[OWNER] in owners else said | {OWNER: ""}


# Of a lead's handoffs for a product one is left that nobody has rejected, that was not withdrawn, and that no newer one
# followed long after first contact.
_KEPT = """
with presents as (
    select alias.id from handoff.pending_leads as pending
    inner join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = pending.lead_id
    where pending.batch_id <= %(batch)s
    union
    select alias.id from handoff.pending_leads as pending
    inner join handoff.aliases as alias on alias.object_type = 'contacts' and alias.id = pending.lead_id
    where pending.batch_id <= %(batch)s
),
identities as (
    select id, id as contact_id, null::timestamptz as noticed_at from presents
    union all
    select alias.old_id, alias.id, alias.noticed_at from handoff.aliases as alias
    inner join presents on presents.id = alias.id
    where alias.object_type = 'contacts'
),
merges as (
    select contact_id, max(noticed_at) as noticed_at from identities group by contact_id
),
theirs as (
    select merges.contact_id, merges.noticed_at, handoff.*,
        bool_or(answer.kind = 'contacted') is true as is_contacted,
        bool_or(answer.kind in ('rejected', 'withdrawn')) is true or coalesce(
            min(answer.occurred_at) filter (where answer.kind = 'contacted')
            + make_interval(days => max(definition.requalify_after_contact_days)) <= %(at)s, false
        ) as is_over,
        max(answer.recorded_at) filter (where answer.reason_id = 'merged' and answer.kind = 'withdrawn') as withdrawn_at
    from merges
    inner join identities using (contact_id)
    inner join handoff.handoffs as handoff on handoff.lead_id = identities.id
    left join handoff.dispositions as answer using (handoff_id)
    left join agreement.definitions as definition
        on definition.product_id = handoff.product_id and definition.status = 'live'
        and definition.valid_from <= %(at)s and %(at)s < definition.valid_to
    group by merges.contact_id, merges.noticed_at, handoff.handoff_id
)
select
    kept.contact_id, kept.handoff_id, kept.as_of, newest.properties,
    array(
        select other.handoff_id from theirs as other
        where other.contact_id = kept.contact_id and other.product_id = kept.product_id and other.is_over
    ) as others
from theirs as kept
cross join lateral (
    select max(assigned_at) as assigned_at from handoff.assignments as assignment
    where assignment.handoff_id = kept.handoff_id
) as given
cross join lateral (
    select coalesce(payload -> 'properties', '{}') as properties from raw.hubspot_contacts as contact
    where contact.id = kept.contact_id order by contact.updated_at desc, contact.version_id desc limit 1
) as newest
cross join lateral (
    select max(other.withdrawn_at) as withdrawn_at from theirs as other
    where other.contact_id = kept.contact_id and other.product_id = kept.product_id
) as latest
where not kept.is_over
and case
    when kept.is_contacted then latest.withdrawn_at >= kept.noticed_at
    else greatest(latest.withdrawn_at, kept.noticed_at) >= given.assigned_at
end
and not exists (
    select from theirs as other
    where other.contact_id = kept.contact_id and other.product_id = kept.product_id and not other.is_over
    and (not other.is_contacted, other.routed_at, other.handoff_id)
    < (not kept.is_contacted, kept.routed_at, kept.handoff_id)
)
order by given.assigned_at, kept.handoff_id
"""
