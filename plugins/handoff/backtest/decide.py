"""The models' own decisions about leads at moments of the past, thousands at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import repeat

from psycopg import sql

from handoff.ledger.db import Connection, Row
from handoff.qualify import replica
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet

AWAY = "int_rep_absences"
MADE_BY_HANDOFF = (
    *("owner_id", "company_owner_id", "lifecycle_stage", "company_lifecycle_stage"),
    *("lead_status", "rejection_reason_id"),
)
"""Facts that a handoff changes within minutes, by our write-back and by the rep who calls and opens a deal: what they
say after the act is what became of the lead in truth."""
ALONE = 500
"""Fewer than so many are not worth a second session."""


@dataclass(frozen=True)
class Asked:
    """One lead at one moment; `key` stands for both where the models have a lead's id."""

    key: str
    lead_no: int
    at: datetime


@dataclass(frozen=True)
class Judge:
    """An agreement, and the models that apply it. `end` is the day whose rows are in force."""

    models: ModelSet
    tables: Tables
    end: datetime


# Facts are those that were known when enrichment had had its time, but those that a handoff makes as they were at the
# act itself; of a lead that was first judged later, the first. Whether it is a competitor or one of us is asked of the
# agreement in question.
_LEADS = """
select lead.*
from backtest_asked as asked
inner join backtest_leads as known on asked.lead_no = known.lead_no
cross join lateral (
    select version.facts from handoff.lead_facts as version
    where version.lead_id = known.lead_id
    order by
        version.known_from > asked.at + {wait},
        abs(extract(epoch from version.known_from - asked.at - {wait}))
    limit 1
) as told
cross join lateral (
    select version.facts from handoff.lead_facts as version
    where version.lead_id = known.lead_id
    order by version.known_from > asked.at, abs(extract(epoch from version.known_from - asked.at))
    limit 1
) as earlier
cross join lateral jsonb_populate_record(null::line.int_leads, told.facts || {made} || jsonb_build_object(
    'lead_id', asked.key, 'as_of', asked.at, 'extracted_at', asked.at, 'is_enriched', true,
    'is_competitor', {competitor}, 'is_internal', {internal}
)) as lead
"""
_MADE = sql.SQL("jsonb_build_object({})").format(
    sql.SQL(", ").join(sql.SQL("{0}, earlier.facts -> {0}").format(name) for name in MADE_BY_HANDOFF)
)
_IS_DOMAIN_OF = """exists (
    select from {owners} as owner
    where owner.valid_from <= {day} and {day} < owner.valid_to and (
        right('.' || (told.facts ->> 'email_domain'), length(owner.domain) + 1) = '.' || owner.domain
        or right('.' || (told.facts ->> 'company_domain'), length(owner.domain) + 1) = '.' || owner.domain
    )
)"""
_ACTS = """
select act.activity_id, asked.key as lead_id, act.owner_id, act.kind, act.summary, act.subject, act.url,
    act.is_inbound, act.occurred_at, act.occurred_at as extracted_at
from backtest_asked as asked
inner join backtest_leads as known on asked.lead_no = known.lead_no
inner join line.int_activities as act on act.lead_id = known.lead_id and act.occurred_at <= asked.at
"""
_NOBODY_YET = "select * from line.int_handoff_cycles where false"
_NOBODY_HELD = "select '' as lead_id, '' as product_id, now() as held_since where false"
# Who is away is asked of the moment of each arrival, not of the end.
_NOBODY_AWAY = "select * from line.int_rep_absences where false"
_LIVE_FOR_EVER = "select distinct product_id, '-infinity'::timestamptz as live_at from definitions"


@dataclass(frozen=True)
class Answers:
    """What the models said, by key.

    Attributes:
        decisions: rows of `int_decisions`.
        clauses: rows of `int_clauses`; only where they were asked for.
        points: points by rule, of each definition: (definition id, rule id) to points.
        candidates: rows of `int_route_candidates`, as if nobody were away.
    """

    decisions: dict[str, list[Row]]
    clauses: dict[str, list[Row]]
    points: dict[str, dict[tuple[str, str], float]]
    candidates: dict[str, list[Row]]


def decide(connection: Connection, judge: Judge, asked: Sequence[Asked], *, clauses: bool = False) -> Answers:
    """Ask the models about leads at moments.

    Points and candidates are returned of those that are MQLs; with `clauses`, points and clauses of all.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("create temp table backtest_asked (key text, lead_no int, at timestamptz)")
        with connection.cursor() as cursor, cursor.copy("copy backtest_asked from stdin") as copy:
            for each in asked:
                copy.write_row((each.key, each.lead_no, each.at))
        connection.execute("analyze backtest_asked")
        given: dict[str, sql.Composable] = {
            "int_leads": sql.SQL(_LEADS).format(**domains(judge), made=_MADE),
            "int_activities": sql.SQL(_ACTS),
            "int_handoff_cycles": sql.SQL(_NOBODY_YET),
            "stg_handoff__held_mqls": sql.SQL(_NOBODY_HELD),
            AWAY: sql.SQL(_NOBODY_AWAY),
            "stg_handoff__go_live": sql.SQL(_LIVE_FOR_EVER),
        }
        wanted = ("int_decisions", "int_score_parts", "int_clauses" if clauses else "int_route_candidates")
        models = replica.Replica(judge.models, wanted, judge.end, judge.tables, given)
        with replica.opened(connection, models, [each.key for each in asked]):
            points: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
            for row in connection.execute(_POINTS, {"all": clauses}):
                points[row["lead_id"]][row["definition_id"], row["rule_id"]] = float(row["points"])
            return Answers(
                _by_key(replica.rows(connection, "int_decisions", "lead_id")),
                _by_key(replica.rows(connection, "int_clauses", "lead_id") if clauses else []),
                points,
                _by_key([] if clauses else replica.rows(connection, "int_route_candidates", "step_rank, rep_id")),
            )


def decide_together(
    sessions: Sequence[Connection], judge: Judge, asked: Sequence[Asked], *, clauses: bool = False
) -> Answers:
    """As `decide`, a part of them by each session at once: Postgres does the work, and has a processor a session."""
    if len(asked) < ALONE:
        return decide(sessions[0], judge, asked, clauses=clauses)
    parts = [asked[place :: len(sessions)] for place in range(len(sessions))]
    with ThreadPoolExecutor(len(sessions)) as pool:
        first, *others = pool.map(partial(decide, clauses=clauses), sessions, repeat(judge), parts)
    for each in others:
        first.decisions.update(each.decisions)
        first.clauses.update(each.clauses)
        first.points.update(each.points)
        first.candidates.update(each.candidates)
    return first


_POINTS = """
select part.lead_id, part.definition_id, part.rule_id, sum(part.points) as points
from pg_temp.int_score_parts as part
where %(all)s or exists (
    select from pg_temp.int_decisions as decision
    where (decision.lead_id, decision.definition_id) = (part.lead_id, part.definition_id)
    and decision.decision = 'mql'
)
group by part.lead_id, part.definition_id, part.rule_id
"""


def _by_key(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["lead_id"]].append(row)
    return found


def domains(judge: Judge) -> dict[str, sql.Composable]:
    """Parts of a query over `handoff.lead_facts as told`: how long enrichment has, and whether a lead is a competitor's
    or our own by the agreement in question, whose tables must stand in the session."""
    day = sql.Literal(judge.end.date())
    return {
        "wait": sql.Literal(f"{longest_wait_minutes(judge)} minutes"),
        "competitor": sql.SQL(_IS_DOMAIN_OF).format(owners=sql.Identifier("competitors"), day=day),
        "internal": sql.SQL(_IS_DOMAIN_OF).format(owners=sql.Identifier("company"), day=day),
    }


def longest_wait_minutes(judge: Judge) -> int:
    """For how long a lead's facts may be looked up after it acted."""
    return max((int(row["enrichment_wait_minutes"]) for row in judge.tables["definitions"]), default=0)


def matches(connection: Connection, judge: Judge) -> list[Row]:
    """The signal that each kind of act of `backtest_whats` falls under, by definition."""
    leads = sql.SQL(
        "select lead.* from backtest_whats as each cross join lateral jsonb_populate_record(null::line.int_leads,"
        " jsonb_build_object('lead_id', each.what_no::text, 'as_of', {end}::timestamptz)) as lead"
    ).format(end=sql.Literal(judge.end))
    acts = sql.SQL(
        "select act.* from backtest_whats as each cross join lateral jsonb_populate_record(null::line.int_activities,"
        " jsonb_build_object('lead_id', each.what_no::text, 'activity_id', '1', 'kind', each.kind,"
        " 'subject', each.subject, 'is_inbound', each.is_inbound, 'occurred_at', {end}::timestamptz)) as act"
    ).format(end=sql.Literal(judge.end))
    given: dict[str, sql.Composable] = {"int_leads": leads, "int_activities": acts}
    asked = replica.Replica(judge.models, ("int_signal_matches", "int_definitions"), judge.end, judge.tables, given)
    with replica.opened(connection, asked, ()):
        return connection.execute("select *, lead_id::int as what_no from pg_temp.int_signal_matches").fetchall()


def definitions(connection: Connection, judge: Judge) -> list[Row]:
    """The definitions in force, shadows included."""
    asked = replica.Replica(judge.models, ("int_definitions",), judge.end, judge.tables)
    with replica.opened(connection, asked, ()):
        return replica.rows(connection, "int_definitions", "definition_id")
