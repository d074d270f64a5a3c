"""Whether a lead was handed over anew after one of its handoffs."""

from datetime import datetime

from handoff.ledger.db import Connection


def newer_of(connection: Connection, handoff_id: str, by: datetime | None = None) -> str | None:
    """The newest handoff by which the lead was handed over anew for the product, whatever ids it has had; None if it
    was not.

    That begins so long after first contact as its definition says; a sooner one was another contact's, of which a merge
    made a double. `int_answerable_assignments` says the same of answers in the CRM.

    Args:
        by: a moment; what was made after it is none. None for all there is.
    """
    row = connection.execute(_NEWER, {"handoff": handoff_id, "by": by}).fetchone()
    return row["handoff_id"] if row else None


_NEWER = """
with this as (
    select handoff.product_id, coalesce(alias.id, handoff.lead_id) as present_id, (
        select min(answer.occurred_at) from handoff.dispositions as answer
        where answer.handoff_id = handoff.handoff_id and answer.kind = 'contacted'
    ) as contacted_at
    from handoff.handoffs as handoff
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = handoff.lead_id
    where handoff.handoff_id = %(handoff)s
),
ids as (
    select present_id as id from this
    union all
    select alias.old_id from this
    inner join handoff.aliases as alias on alias.object_type = 'contacts' and alias.id = this.present_id
)
select other.handoff_id
from this
cross join ids
inner join handoff.handoffs as other on other.lead_id = ids.id and other.product_id = this.product_id
left join agreement.definitions as definition
    on definition.definition_id = other.definition_id and definition.version = other.definition_version
where other.as_of >= coalesce(
    this.contacted_at + make_interval(days => definition.requalify_after_contact_days), this.contacted_at
)
and other.routed_at <= coalesce(%(by)s, 'infinity'::timestamptz)
and not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = other.handoff_id and answer.kind = 'withdrawn' and answer.reason_id = 'merged'
)
order by other.routed_at desc, other.handoff_id limit 1
"""
