"""Open handoffs, each with what the line knew of its lead and what went out for it."""

import json
from datetime import datetime, timedelta
from typing import Any

from handoff import connections
from handoff.ledger import db
from handoff.notify import context as words

PARTS, ACTIVITIES, CLAUSES = 12, 8, 14

# Each lead has a context of its own, as long as those of real ones; the reps share them evenly.
_PLANT = """
with made as (
    insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id,
        score, trigger_activity_id, trigger_kind, context, as_of, event_at, extracted_at, qualified_at, routed_at)
    select 'bench-' || no, no::text, 'platform', 1, 'platform-mql', '1',
        (array['hand_raiser', 'high', 'standard'])[1 + mod(no, 3)], 60 + mod(no, 40), 'event:' || no, 'page_viewed',
        %(context)s::jsonb || jsonb_build_object(
            'lead', %(context)s::jsonb -> 'lead' || jsonb_build_object('lead_id', no::text, 'name', 'Lead ' || no),
            'company', %(context)s::jsonb -> 'company' || jsonb_build_object('name', 'Company ' || mod(no, 2000))
        ),
        at, at - interval '5 s', at, at, at
    from generate_series(1, %(count)s) as no
    cross join lateral (select %(at)s - no * interval '30 s' as at) as moment
    returning handoff_id, routed_at
), numbered as (
    select *, row_number() over (order by routed_at desc) as no from made
), reps as (
    select rep_id, row_number() over (order by rep_id) - 1 as place, count(*) over () as reps
    from agreement.reps where valid_from <= %(at)s and %(at)s < valid_to
), given as (
    insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, cause)
    select handoff_id, rep_id, 'na', 'planted', '[]', routed_at,
        routed_at + interval '1 h' + mod(no, 9) * interval '1 day', 'handoff'
    from numbered inner join reps on mod(no, reps) = place
    returning handoff_id, assignment_id, assigned_at
)
insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, state, not_before, sent_at, result)
select kind || ':' || handoff_id || ':' || assignment_id, handoff_id, kind, jsonb_build_object(
        'context', %(context)s::jsonb
    ), assigned_at, 'sent', assigned_at, assigned_at, '{"channel": "D1", "ts": "1.0", "drift": {}}'
from given cross join (values ('slack_dm'), ('slack_channel'), ('hubspot_contact')) as kinds (kind)
"""


def plant(count: int, at: datetime) -> None:
    """Open `count` handoffs, each with a card, its copy in the channel and a write-back that went out."""
    with db.connect(connections.ADMIN) as admin:
        admin.execute(_PLANT, {"count": count, "at": at, "context": json.dumps(_context(at))})
        admin.execute("analyze handoff.handoffs, handoff.assignments, handoff.outbox")


def _context(at: datetime) -> dict[str, Any]:
    part = words.ScorePart("Visited the pricing page three times in the last week", 5, "sig-page-pricing")
    acts = [
        words.Activity(at - timedelta(hours=no), f"Visited /product/feature-{no} and stayed")
        for no in range(ACTIVITIES)
    ]
    told = words.Context(
        lead=words.Lead("1", "Lead", "lead@company.example", "Head of Operations", country="US"),
        trigger=words.Trigger("page_viewed", "Visited /pricing", at, "event:1"),
        attribution=words.Attribution("ORGANIC_SEARCH", "brightwell", "PAID_SEARCH", "google", "Autumn"),
        company=words.Company("Company", "company.example", "Software", 250, "US"),
        score=words.Score(85, 40, 45, 65, (part,) * PARTS),
        tier=words.Tier("high", "High intent", 240),
        definition=words.Definition("platform-mql", "1"),
        activities=tuple(acts),
    ).to_json()
    clause = {"kind": "requirement", "state": "held", "detail": "250 employees, at least 20"}
    return {**told, "clauses": [{**clause, "clause_id": f"req-size-{no}"} for no in range(CLAUSES)]}
