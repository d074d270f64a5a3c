"""What was known of a lead, and since when: the facts of every judgement, kept where they differ from the last ones."""

from handoff.ledger.db import Connection

UNTOLD = ("lead_id", "as_of", "extracted_at")
"""Columns of `line.int_leads` that are no facts about the lead."""
MANY = 1000


def remember(connection: Connection) -> int:
    """Keep the facts of the pending leads that changed since they were last judged; returns how many did."""
    kept = connection.execute(
        """insert into handoff.lead_facts (lead_id, known_from, facts)
        select lead.lead_id, lead.as_of, told.facts
        from handoff.pending_leads as pending
        inner join line.int_leads as lead on lead.lead_id = pending.lead_id
        cross join lateral (select to_jsonb(lead) - %s::text[] as facts) as told
        left join lateral (
            select facts from handoff.lead_facts as former
            where former.lead_id = lead.lead_id order by known_from desc limit 1
        ) as former on true
        where former.facts is distinct from told.facts
        on conflict (lead_id, known_from) do nothing""",
        (list(UNTOLD),),
    ).rowcount
    if kept >= MANY:
        connection.execute("analyze handoff.lead_facts")
    return kept
