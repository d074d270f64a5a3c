"""What a handoff keeps of a decision: who, what they did, where they came from, and what the score is made of.

It is read of the line's tables or of a replica, whose models are temporary tables: hence the schemas in which to look.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql

from handoff.ledger.db import Connection, Row
from handoff.notify.context import (
    Activity,
    Attribution,
    Clause,
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

_DECIDED = """
select
    qualification.*, lead.full_name, lead.email, lead.title, lead.seniority, lead.phone, lead.linkedin_url,
    lead.country, lead.lifecycle_stage, lead.owner_id, lead.first_source, lead.first_source_detail,
    lead.latest_source, lead.latest_source_detail, lead.campaign, lead.company_name, lead.company_domain,
    lead.industry, lead.employees, definition.threshold,
    tier.name as tier_name, tier.response_minutes,
    coalesce(to_jsonb(tier) ->> 'prefers_present' = 'true', false) as prefers_present
from {line}.int_qualifications as qualification
inner join {line}.int_leads as lead on lead.lead_id = qualification.lead_id
inner join {agreement}.definitions as definition
    on definition.definition_id = qualification.definition_id and definition.version = qualification.definition_version
inner join {agreement}.tiers as tier
    on tier.tier_id = qualification.tier_id
    and tier.valid_from <= qualification.qualified_at and qualification.qualified_at < tier.valid_to
"""


def of(query: LiteralString, where: Where) -> sql.Composed:
    """A query over the models of `where`; `{decided}` in it is the live decisions with what is known of each lead."""
    names = {"line": sql.Identifier(where.line), "agreement": sql.Identifier(where.agreement)}
    return sql.SQL(query).format(**names, decided=sql.SQL(_DECIDED).format(**names))


def contexts_of(
    connection: Connection, ids: list[str], where: Where, record_url: str
) -> dict[tuple[str, str], tuple[Row, Context]]:
    """The live decisions about leads, each with the context that a handoff would keep, by lead and product."""
    rows = connection.execute(
        of("select * from ({decided}) as decided where lead_id = any(%s)", where), (ids,)
    ).fetchall()
    parts, activities = _parts(connection, ids, where), _activities(connection, ids, where)
    clauses = _clauses(connection, ids, where)
    return {
        (row["lead_id"], row["product_id"]): (
            row,
            _context(
                row,
                parts[row["lead_id"], row["definition_id"]],
                activities[row["lead_id"]],
                clauses[row["lead_id"], row["definition_id"]],
                record_url.format(lead_id=row["lead_id"]),
            ),
        )
        for row in rows
    }


def _context(
    row: Row, parts: list[ScorePart], activities: list[Activity], clauses: list[Clause], record_url: str
) -> Context:
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
        clauses=tuple(clauses),
    )


def _parts(connection: Connection, ids: list[str], where: Where) -> dict[tuple[str, str], list[ScorePart]]:
    found: dict[tuple[str, str], list[ScorePart]] = defaultdict(list)
    for row in connection.execute(
        of(
            """select lead_id, definition_id, rule_id, evidence, points from {line}.int_score_parts
            where lead_id = any(%s) and points <> 0 order by lead_id, points desc, rule_id, activity_id""",
            where,
        ),
        (ids,),
    ):
        part = ScorePart(row["evidence"], float(row["points"]), row["rule_id"])
        found[row["lead_id"], row["definition_id"]].append(part)
    return found


def _clauses(connection: Connection, ids: list[str], where: Where) -> dict[tuple[str, str], list[Clause]]:
    found: dict[tuple[str, str], list[Clause]] = defaultdict(list)
    for row in connection.execute(
        of(
            """select lead_id, definition_id, clause_kind, clause_id, state, detail from {line}.int_clauses
            where lead_id = any(%s) order by lead_id, clause_kind, clause_id""",
            where,
        ),
        (ids,),
    ):
        clause = Clause(row["clause_kind"], row["clause_id"], row["state"], row["detail"])
        found[row["lead_id"], row["definition_id"]].append(clause)
    return found


def _activities(connection: Connection, ids: list[str], where: Where) -> dict[str, list[Activity]]:
    found: dict[str, list[Activity]] = defaultdict(list)
    for row in connection.execute(
        of(
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


def candidate(row: Row) -> Candidate:
    """From a row of `int_route_candidates`; models of former days have fewer columns."""
    values: dict[str, Any] = {name: row[name] for name in Candidate.__dataclass_fields__ if name in row}
    return Candidate(**values)


def candidates_of(connection: Connection, ids: list[str], where: Where) -> dict[tuple[str, str], list[Candidate]]:
    """Every rep considered for each lead and product, in the order of the agreement's steps."""
    found: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for row in connection.execute(
        of(
            """select * from {line}.int_route_candidates where lead_id = any(%s)
            order by lead_id, step_rank, rep_id""",
            where,
        ),
        (ids,),
    ):
        found[row["lead_id"], row["product_id"]].append(candidate(row))
    return found
