"""What shadow definitions would have handed over: written down the first time, and told to nobody."""

from handoff.ledger.db import Connection


def record(connection: Connection) -> int:
    """Keep the pending leads that a shadow definition takes for MQLs; returns how many are new."""
    return connection.execute(
        """insert into handoff.shadow_decisions (
            lead_id, product_id, definition_id, definition_version, tier_id, score, reason, trigger_activity_id,
            trigger_at, decided_at
        )
        select
            decision.lead_id, decision.product_id, decision.definition_id, decision.definition_version,
            decision.tier_id, decision.score, decision.reason, decision.trigger_activity_id, decision.trigger_at,
            decision.qualified_at
        from handoff.pending_leads as pending
        inner join line.int_decisions as decision on decision.lead_id = pending.lead_id
        where decision.is_shadow and decision.decision = 'mql'
        on conflict (lead_id, definition_id, definition_version) do nothing"""
    ).rowcount
