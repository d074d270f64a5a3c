"""Whether a lead was handed over anew after one of its handoffs."""

from datetime import datetime

from handoff.ledger.db import Connection


def newer_of(connection: Connection, handoff_id: str, by: datetime | None = None) -> str | None:
    """The lead's newest handoff for the same product, whatever ids it has had; None if it is this one.

    One that was taken back because its lead was handed over twice is nobody's. `int_answerable_assignments` says the
    same of answers in the CRM.

    Args:
        by: a moment; what was made after it is none. None for all there is.
    """
    row = connection.execute(_NEWER, {"handoff": handoff_id, "by": by}).fetchone()
    return row["handoff_id"] if row else None


_NEWER = """
with this as (
    select handoff.product_id, coalesce(alias.id, handoff.lead_id) as present_id, (
        select max(given.assignment_id) from handoff.assignments as given
        where given.handoff_id = handoff.handoff_id
    ) as assignment_id
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
cross join lateral (
    select max(assignment_id) as assignment_id, min(assigned_at) as assigned_at from handoff.assignments as given
    where given.handoff_id = other.handoff_id and given.assignment_id > this.assignment_id
) as newest
where newest.assigned_at <= coalesce(%(by)s, 'infinity'::timestamptz)
and not exists (
    select from handoff.dispositions as answer
    where answer.handoff_id = other.handoff_id and answer.kind = 'withdrawn' and answer.reason_id = 'merged'
)
order by newest.assignment_id desc limit 1
"""
