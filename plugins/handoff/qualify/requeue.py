"""Leads with nothing new that are to be judged anew all the same: back in the queue, so that they are handed over."""

from datetime import datetime

from handoff.ledger.db import Connection


def requeue(connection: Connection, as_of: datetime) -> int:
    """Queue every MQL decided since go-live that nobody waits for and that was never handed over; returns how many.

    For whoever has all leads judged anew: else none stands there whom the line's runs have not settled.

    The next run of the line settles them like any other: gates and the breaker hold them, and whom a person dropped
    stays dropped. It is what the policy `mqls_without_handoff` must not find.
    """
    return connection.execute(_REQUEUE, {"at": as_of}).rowcount


def after(connection: Connection, handoff_id: str, ended_at: datetime, as_of: datetime) -> int:
    """Queue a lead whose handoff was ended before the act that it was last found an MQL by; returns whether it was.

    That act came to a handoff that somebody had; what it starts now, the models say. So does one that is in the queue
    already: the models may be at it, without this end. In the transaction that records the end. The run that is under
    way leaves the lead where it is, whatever it has decided: it settles batches up to its own.
    """
    given = {"handoff": handoff_id, "ended": ended_at, "at": as_of}
    return connection.execute(_AFTER, given).rowcount


_AFTER = """
insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
select ended.lead_id, newest.batch_id + 1, %(at)s::timestamptz
from (
    select coalesce(alias.id, handoff.lead_id) as lead_id, handoff.product_id from handoff.handoffs as handoff
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = handoff.lead_id
    where handoff.handoff_id = %(handoff)s
) as ended
cross join (select max(batch_id) as batch_id from raw.batches) as newest
where newest.batch_id is not null and (
    exists (select from handoff.pending_leads as pending where pending.lead_id = ended.lead_id)
    or exists (
        select from line.int_qualifications as decided
        where decided.lead_id = ended.lead_id and decided.product_id = ended.product_id
        and decided.decision = 'mql' and decided.is_handed_off and decided.trigger_at > %(ended)s
    )
)
on conflict (lead_id) do update set batch_id = excluded.batch_id, qualified_at = null, wakes = true
"""
_REQUEUE = """
insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
select distinct decided.lead_id, newest.batch_id, %(at)s::timestamptz
from line.int_qualifications as decided
inner join handoff.go_live using (product_id)
cross join (select max(batch_id) as batch_id from raw.batches) as newest
where newest.batch_id is not null and decided.decision = 'mql' and decided.qualified_at >= go_live.live_at
and not exists (
    select from handoff.flood_leads as held inner join handoff.floods as flood using (flood_id)
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = held.lead_id
    where coalesce(alias.id, held.lead_id) = decided.lead_id and held.product_id = decided.product_id
    and flood.answer = 'dropped' and decided.trigger_at <= flood.answered_at
)
and not exists (
    select from handoff.handoffs as handoff
    where handoff.lead_id = decided.lead_id and handoff.product_id = decided.product_id
    and handoff.cycle >= decided.cycle
)
on conflict (lead_id) do nothing
"""
