"""What shadow definitions would have handed over: written down the first time, and told to nobody."""

from handoff.ledger.db import Connection

# A lead that live had decided about before the trial began, whether sales has it still or it was held since, is one
# that live decided about without the shadow: it would make a copy of the live definition look wider than the live one.
_RECORD = """
with trials as materialized (
    select definition_id, definition_version, began_at from line.int_shadow_trials
)
insert into handoff.shadow_decisions (
    lead_id, product_id, definition_id, definition_version, tier_id, score, reason, trigger_activity_id,
    trigger_at, decided_at
)
select
    decision.lead_id, decision.product_id, decision.definition_id, decision.definition_version,
    decision.tier_id, decision.score, decision.reason, decision.trigger_activity_id, decision.trigger_at,
    decision.qualified_at
from handoff.pending_leads as pending
inner join line.int_decisions as decision on decision.lead_id = pending.lead_id
where decision.is_shadow and decision.decision = 'mql' and not exists (
    select from line.int_handoff_cycles as cycle
    inner join trials on (trials.definition_id, trials.definition_version)
        = (decision.definition_id, decision.definition_version)
    where cycle.lead_id = decision.lead_id and cycle.product_id = decision.product_id
    and cycle.open_since < trials.began_at
)
and not exists (
    select from handoff.held_mqls as held
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = held.lead_id
    inner join trials on (trials.definition_id, trials.definition_version)
        = (decision.definition_id, decision.definition_version)
    where coalesce(alias.id, held.lead_id) = decision.lead_id and held.product_id = decision.product_id
    and held.ended_as_of is null and held.qualified_at < trials.began_at
)
on conflict (lead_id, definition_id, definition_version) do nothing
"""


def record(connection: Connection) -> int:
    """Keep the pending leads that a shadow definition takes for MQLs; returns how many are new.

    Those that were with sales already when its trial began, or held for them, are left out.
    """
    return connection.execute(_RECORD).rowcount
