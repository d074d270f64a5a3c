"""Handoffs of a grown company with answers, and a shadow definition on trial beside them."""

import random
from datetime import datetime, timedelta
from typing import Any

SEED = 23
DAYS = 180

# Of a few leads, in half a year: most are answered, half are called, a tenth is rejected.
_HANDOFFS = """
with chosen as (
    select id as lead_id, row_number() over (order by md5(id)) as no
    from (select distinct id from raw.hubspot_contacts) as contacts
    order by md5(id) limit %(count)s
), made as (
    insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id,
        score, trigger_activity_id, trigger_kind, context, as_of, event_at, received_at, extracted_at, qualified_at,
        routed_at)
    select 'bench-' || no, lead_id, definition.product_id, 1, definition.definition_id, definition.version,
        (array['hand_raiser', 'high', 'standard'])[1 + mod(no, 3)], 60 + mod(no, 40), 'a', 'page_viewed',
        jsonb_build_object(
            'company', jsonb_build_object('country', 'US', 'employees', 300),
            'clauses', told.clauses, 'score', jsonb_build_object('parts', scored.parts),
            'attribution',
            jsonb_build_object('first_source', (array['PAID_SEARCH', 'ORGANIC_SEARCH', null])[1 + mod(no, 3)])
        ),
        moment.at, moment.at - interval '4 s', moment.at - interval '3 s', moment.at - interval '2 s', moment.at,
        moment.at + interval '1 s'
    from chosen
    cross join (
        select product_id, definition_id, version from agreement.definitions
        where status = 'live' and valid_from <= %(at)s and %(at)s < valid_to
        order by definition_id limit 1
    ) as definition
    cross join lateral (select %(at)s - no * %(span)s::interval / %(count)s as at) as moment
    cross join lateral (
        select jsonb_agg(jsonb_build_object('kind', kind, 'clause_id', clause_id, 'state', state)) as clauses from (
            select 'requirement' as kind, requirement_id as clause_id, 'held' as state, definition_id, valid_to
            from agreement.requirements
            union all
            select 'disqualifier', disqualifier_id, 'failed', definition_id, valid_to from agreement.disqualifiers
        ) as clause
        where clause.definition_id = definition.definition_id and %(at)s < clause.valid_to
    ) as told
    cross join lateral (
        select jsonb_agg(jsonb_build_object('rule_id', rule_id, 'points', points)) as parts from (
            select rule_id, points, row_number() over (order by rule_id) as place from agreement.signals
            where signals.definition_id = definition.definition_id and %(at)s < valid_to and points > 0
        ) as signal
        where mod(place + no, 4) = 0
    ) as scored
    returning handoff_id, qualified_at, lead_id
), numbered as (
    select *, substr(handoff_id, 7)::int as no from made
), reps as (
    select rep_id, row_number() over (order by rep_id) - 1 as place, count(*) over () as reps
    from (select distinct rep_id from agreement.reps where valid_from <= %(at)s and %(at)s < valid_to) as present
), given as (
    insert into handoff.assignments (handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at)
    select handoff_id, rep_id, null, 'planted', '[]', qualified_at + interval '1 s', qualified_at + interval '4 h'
    from numbered inner join reps on mod(no, reps) = place
    returning handoff_id, assignment_id
), told as (
    insert into handoff.outbox (dedupe_key, handoff_id, kind, payload, created_at, state, not_before, sent_at, result)
    select 'slack_dm:' || handoff_id || ':' || assignment_id, handoff_id, 'slack_dm', '{}', qualified_at, 'sent',
        qualified_at, qualified_at + interval '2 s', '{"channel": "D1", "ts": "1.0"}'
    from numbered inner join given using (handoff_id)
)
select handoff_id, assignment_id, qualified_at, no from numbered inner join given using (handoff_id)
"""
# A trial over half of the time, which decides for every third of those handed over and for as many others.
_TRIAL = """
with trial as (
    insert into agreement.definitions
    select (jsonb_populate_record(
        live, jsonb_build_object(
            'definition_id', 'bench-trial', 'version', 'trial', 'status', 'shadow', 'valid_from', %(began)s::date
        )
    )).*
    from agreement.definitions as live
    where live.status = 'live' and live.valid_from <= %(at)s and %(at)s < live.valid_to
    order by live.definition_id limit 1
    returning product_id, definition_id, version
), chosen as (
    select lead_id, qualified_at from handoff.handoffs
    where handoff_id like 'bench-%%' and mod(substr(handoff_id, 7)::int, 3) = 0 and qualified_at >= %(began)s
    union all
    select lead_id, %(at)s - mod(no, %(days)s) * interval '1 day' from (
        select id as lead_id, row_number() over (order by md5(id)) as no
        from (select distinct id from raw.hubspot_contacts) as contacts
    ) as contacts
    where no between %(count)s + 1 and %(count)s + %(count)s / 3
)
insert into handoff.shadow_decisions (lead_id, product_id, definition_id, definition_version, tier_id, score, reason,
    trigger_activity_id, trigger_at, decided_at)
select lead_id, product_id, definition_id, version, 'standard', 70, 'crossed', 'a', qualified_at, qualified_at
from chosen cross join trial
"""
ANSWER = """
insert into handoff.dispositions (handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence)
values (%(handoff)s, %(assignment)s, %(kind)s, %(reason)s, %(at)s, %(at)s, '{}')
"""


def plant_handoffs(admin: Any, count: int, at: datetime) -> int:
    """Give `count` leads a handoff each in the last half a year, and answers to most; returns how many there are."""
    rows = admin.execute(_HANDOFFS, {"count": count, "at": at, "span": f"{DAYS} days"}).fetchall()
    found = admin.execute("select distinct reason_id from agreement.rejection_reasons order by reason_id").fetchall()
    reasons = [row["reason_id"] for row in found]
    chance = random.Random(SEED)
    answers = []
    for row in rows:
        for kind, reason, share, hours in (
            ("accepted", None, 0.7, 8),
            ("contacted", None, 0.5, 24),
            ("rejected", reasons[row["no"] % len(reasons)], 0.1, 48),
        ):
            moment = row["qualified_at"] + timedelta(hours=hours * chance.random())
            if chance.random() < share and moment < at:
                answers.append(
                    {
                        **{"handoff": row["handoff_id"], "assignment": row["assignment_id"]},
                        **{"kind": kind, "reason": reason, "at": moment},
                    }
                )
    with admin.cursor() as cursor:
        cursor.executemany(ANSWER, answers)
    return len(rows)


def plant_trial(admin: Any, count: int, at: datetime) -> None:
    """Let a shadow definition have been on trial for half of the time that `count` handoffs were planted over."""
    days = DAYS // 2
    admin.execute(_TRIAL, {"at": at, "began": at - timedelta(days=days), "days": days, "count": count})
