"""What the line decided about leads, read for routing: one query per kind of fact, not per lead.

The same is read of a replica, whose models are temporary tables: hence the schema in which to look.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql

from handoff.ledger.db import Connection, Row
from handoff.notify.context import (
    Activity,
    Attribution,
    Company,
    Context,
    Definition,
    Lead,
    Score,
    ScorePart,
    Tier,
    Trigger,
)
from handoff.route.assign import Candidate

ACTIVITIES_SHOWN = 10


@dataclass(frozen=True)
class Where:
    """Schemas in which the line's models and the agreement's tables are."""

    line: str
    agreement: str


LINE = Where("line", "agreement")
REPLICA = Where("pg_temp", "pg_temp")
"""An open replica over the tables of an agreement that it was given."""


@dataclass(frozen=True)
class Decision:
    """An MQL that has no handoff yet for its product and cycle."""

    lead_id: str
    product_id: str
    cycle: int
    as_of: datetime
    """The moment the decision was made for."""
    decided_at: datetime
    """When it had been computed."""
    received_at: datetime | None
    extracted_at: datetime
    owner_id: str | None
    lifecycle_stage: str | None
    context: Context
    candidates: tuple[Candidate, ...]


def pending_mqls(connection: Connection, batch_id: int, record_url: str) -> list[Decision]:
    """MQLs among the leads pending up to a batch: hand-raisers first, then the highest scores.

    A lead that was handed over before comes again only with new behaviour after a rejection and the definition's
    cooling-off time, or after it had been deleted and was restored.

    Args:
        record_url: address of a CRM record, with `{lead_id}` where the contact's id goes.
    """
    rows = connection.execute(_of(_MQLS, LINE), {"batch": batch_id}).fetchall()
    ids = sorted({row["lead_id"] for row in rows})
    parts, activities = _parts(connection, ids, LINE), _activities(connection, ids, LINE)
    candidates = candidates_of(connection, ids, LINE)
    return [
        Decision(
            lead_id=row["lead_id"],
            product_id=row["product_id"],
            cycle=row["next_cycle"],
            as_of=row["qualified_at"],
            decided_at=row["decided_at"],
            received_at=row["received_at"],
            extracted_at=row["pending_extracted_at"],
            owner_id=row["owner_id"],
            lifecycle_stage=row["lifecycle_stage"],
            context=_context(
                row,
                parts[row["lead_id"], row["definition_id"]],
                activities[row["lead_id"]],
                record_url.format(lead_id=row["lead_id"]),
            ),
            candidates=tuple(candidates[row["lead_id"], row["product_id"]]),
        )
        for row in rows
    ]


def contexts_of(
    connection: Connection, ids: list[str], where: Where, record_url: str
) -> dict[tuple[str, str], tuple[Row, Context]]:
    """The live decisions about leads, each with the context that a handoff would keep, by lead and product."""
    rows = connection.execute(
        _of("select * from ({decided}) as decided where lead_id = any(%s)", where), (ids,)
    ).fetchall()
    parts, activities = _parts(connection, ids, where), _activities(connection, ids, where)
    return {
        (row["lead_id"], row["product_id"]): (
            row,
            _context(
                row,
                parts[row["lead_id"], row["definition_id"]],
                activities[row["lead_id"]],
                record_url.format(lead_id=row["lead_id"]),
            ),
        )
        for row in rows
    }


_DECIDED = """
select
    qualification.*, lead.full_name, lead.email, lead.title, lead.seniority, lead.phone, lead.linkedin_url,
    lead.country, lead.lifecycle_stage, lead.owner_id, lead.first_source, lead.first_source_detail,
    lead.latest_source, lead.latest_source_detail, lead.campaign, lead.company_name, lead.company_domain,
    lead.industry, lead.employees, definition.threshold, definition.requalify_cooling_off_days,
    tier.name as tier_name, tier.response_minutes
from {line}.int_qualifications as qualification
inner join {line}.int_leads as lead on lead.lead_id = qualification.lead_id
inner join {agreement}.definitions as definition
    on definition.definition_id = qualification.definition_id and definition.version = qualification.definition_version
inner join {agreement}.tiers as tier
    on tier.tier_id = qualification.tier_id
    and tier.valid_from <= qualification.qualified_at and qualification.qualified_at < tier.valid_to
"""

_MQLS = """
with identities as (
    -- A merge gave the lead another id; what it had under the former ones is its own.
    select lead_id as id, lead_id as present_id from handoff.pending_leads
    union all
    select alias.old_id, alias.id from handoff.aliases as alias
    inner join handoff.pending_leads as pending on pending.lead_id = alias.id
    where alias.object_type = 'contacts'
),
last_handoff as (
    select distinct on (identity.present_id, handoff.product_id)
        identity.present_id as lead_id, handoff.product_id, handoff.cycle, rejection.occurred_at as rejected_at,
        coalesce(rejection.occurred_at, withdrawal.occurred_at) as ended_at
    from identities as identity
    inner join handoff.handoffs as handoff on handoff.lead_id = identity.id
    left join handoff.dispositions as rejection
        on rejection.handoff_id = handoff.handoff_id and rejection.kind = 'rejected'
    left join handoff.dispositions as withdrawal
        on withdrawal.handoff_id = handoff.handoff_id and withdrawal.kind = 'withdrawn'
    where withdrawal.reason_id is distinct from 'merged'
    order by identity.present_id, handoff.product_id, handoff.cycle desc, handoff.routed_at desc
)
select
    decided.*, pending.received_at, pending.extracted_at as pending_extracted_at,
    coalesce(pending.qualified_at, decided.qualified_at) as decided_at,
    coalesce(last_handoff.cycle, 0) + 1 as next_cycle
from handoff.pending_leads as pending
inner join ({decided}) as decided on decided.lead_id = pending.lead_id
left join last_handoff
    on last_handoff.lead_id = decided.lead_id and last_handoff.product_id = decided.product_id
where
    pending.batch_id <= %(batch)s
    and decided.decision = 'mql'
    and (
        last_handoff.lead_id is null
        or (
            last_handoff.ended_at is not null
            and decided.trigger_at > last_handoff.ended_at
            and (
                last_handoff.rejected_at is null
                or decided.trigger_at
                >= last_handoff.rejected_at + decided.requalify_cooling_off_days * interval '1 day'
            )
        )
    )
order by decided.is_hand_raiser desc, decided.score desc, pending.lead_id
"""


def _of(query: LiteralString, where: Where) -> sql.Composed:
    names = {"line": sql.Identifier(where.line), "agreement": sql.Identifier(where.agreement)}
    return sql.SQL(query).format(**names, decided=sql.SQL(_DECIDED).format(**names))


def _context(row: Row, parts: list[ScorePart], activities: list[Activity], record_url: str) -> Context:
    return Context(
        lead=Lead(
            lead_id=row["lead_id"],
            name=row["full_name"],
            email=row["email"],
            title=row["title"],
            seniority=row["seniority"],
            phone=row["phone"],
            linkedin_url=row["linkedin_url"],
            country=row["country"],
            lifecycle_stage=row["lifecycle_stage"],
        ),
        trigger=Trigger(
            kind=row["trigger_kind"],
            summary=row["trigger_summary"],
            occurred_at=row["trigger_at"],
            activity_id=row["trigger_activity_id"],
        ),
        attribution=Attribution(
            first_source=row["first_source"],
            first_source_detail=row["first_source_detail"],
            latest_source=row["latest_source"],
            latest_source_detail=row["latest_source_detail"],
            campaign=row["campaign"],
        ),
        company=Company(
            name=row["company_name"],
            domain=row["company_domain"],
            industry=row["industry"],
            employees=row["employees"],
            country=row["country"],
        ),
        score=Score(
            total=float(row["score"]),
            fit=float(row["fit_points"]),
            engagement=float(row["engagement_points"]),
            threshold=float(row["threshold"]),
            parts=tuple(parts),
        ),
        tier=Tier(id=row["tier_id"], name=row["tier_name"], response_minutes=row["response_minutes"]),
        definition=Definition(id=row["definition_id"], version=str(row["definition_version"])),
        record_url=record_url,
        reason=row["reason"],
        activities=tuple(activities),
    )


def _parts(connection: Connection, ids: list[str], where: Where) -> dict[tuple[str, str], list[ScorePart]]:
    found: dict[tuple[str, str], list[ScorePart]] = defaultdict(list)
    for row in connection.execute(
        _of(
            """select lead_id, definition_id, evidence, points from {line}.int_score_parts
            where lead_id = any(%s) and points <> 0 order by lead_id, points desc, rule_id, activity_id""",
            where,
        ),
        (ids,),
    ):
        found[row["lead_id"], row["definition_id"]].append(ScorePart(row["evidence"], float(row["points"])))
    return found


def _activities(connection: Connection, ids: list[str], where: Where) -> dict[str, list[Activity]]:
    found: dict[str, list[Activity]] = defaultdict(list)
    for row in connection.execute(
        _of(
            """select lead_id, occurred_at, summary from (
                select lead_id, occurred_at, summary,
                    row_number() over (partition by lead_id order by occurred_at desc, activity_id) as recency
                from {line}.int_activities where lead_id = any(%s)
            ) as ranked where recency <= %s order by lead_id, recency""",
            where,
        ),
        (ids, ACTIVITIES_SHOWN),
    ):
        found[row["lead_id"]].append(Activity(row["occurred_at"], row["summary"]))
    return found


def candidates_of(connection: Connection, ids: list[str], where: Where) -> dict[tuple[str, str], list[Candidate]]:
    """Every rep considered for each lead and product, in the order of the agreement's steps."""
    found: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for row in connection.execute(
        _of(
            """select lead_id, product_id, step_rank, step, pool_id, rep_id, weight, is_eligible, reason
            from {line}.int_route_candidates where lead_id = any(%s) order by lead_id, step_rank, rep_id""",
            where,
        ),
        (ids,),
    ):
        values: dict[str, Any] = {name: row[name] for name in Candidate.__dataclass_fields__}
        found[row["lead_id"], row["product_id"]].append(Candidate(**values))
    return found
