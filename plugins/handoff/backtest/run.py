"""Two agreements over the same history: who is gained, who is lost, by which rule, and what became of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from handoff.backtest import firsts, history, load, outcomes
from handoff.backtest.decide import Asked, Judge, decide
from handoff.backtest.firsts import First, Found
from handoff.backtest.history import History
from handoff.backtest.outcomes import Breaches, Conversion
from handoff.ledger.db import Connection, Row
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet


@dataclass(frozen=True)
class Side:
    """One agreement's part. `moments` is how many moments might have decided something, `asked` about how many of them
    the models were asked."""

    label: str
    mqls: int
    by_tier: dict[str, int]
    conversion: Conversion
    per_rep: dict[str, int]
    breaches: Breaches
    moments: int
    asked: int


@dataclass(frozen=True)
class Change:
    """A lead that only one of the two would have handed over. `rules` are what decided it, `why` says so in words;
    `sql_at` when it became an SQL in truth, after that moment."""

    lead_id: str
    name: str | None
    company: str | None
    product_id: str
    at: datetime
    score_before: float
    score_after: float
    rules: tuple[str, ...]
    why: str
    sql_at: datetime | None


@dataclass(frozen=True)
class Report:
    """The comparison, for a terminal, a pull request or a page."""

    start: datetime
    end: datetime
    horizon_days: int
    leads: int
    acts: int
    late_facts: int
    """Leads that were first judged after the span began: their facts are those of later."""
    before: Side
    after: Side
    kept: int
    sooner: int
    later: int
    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    by_rule: tuple[tuple[str, int, int], ...]
    """(rule, leads gained by it, leads lost by it), most first."""
    seconds: float = 0.0


def run(
    connection: Connection,
    models: ModelSet,
    sides: tuple[tuple[str, Tables], tuple[str, Tables]],
    *,
    days: int,
    end: datetime,
    horizon_days: int = 30,
) -> Report:
    """Compare two agreements over the last days.

    Args:
        models: the models, compiled for all leads.
        sides: label and tables of the agreement before and after.
        days: length of the span.
        end: its end, which is also the day whose rows of either agreement apply throughout.
        horizon_days: within how long an MQL should have become an SQL.
    """
    began = monotonic()
    with history.opened(connection, end) as past:
        report = _compare(connection, models, sides, past, end - timedelta(days=days), end, horizon_days)
    return replace(report, seconds=round(monotonic() - began, 1))


def _compare(
    connection: Connection,
    models: ModelSet,
    sides: tuple[tuple[str, Tables], tuple[str, Tables]],
    past: History,
    start: datetime,
    end: datetime,
    horizon_days: int,
) -> Report:
    judges = [Judge(models, tables, end) for _, tables in sides]
    found = [firsts.find(connection, judge, past, start) for judge in judges]
    sqls = outcomes.sql_moments(connection, end)
    told = [
        _side(connection, label, judge, each, sqls, timedelta(days=horizon_days))
        for (label, _), judge, each in zip(sides, judges, found, strict=True)
    ]
    before, after = (each.firsts for each in found)
    shared = before.keys() & after.keys()
    lost = _changes(connection, judges, [before[key] for key in sorted(before.keys() - shared)], sqls, gone=True)
    gained = _changes(connection, judges, [after[key] for key in sorted(after.keys() - shared)], sqls, gone=False)
    late = connection.execute(
        """select count(*) as leads
        from (select min(known_from) as since from handoff.lead_facts group by lead_id) as known where since > %s""",
        (start,),
    ).fetchone()
    assert late is not None
    return Report(
        start,
        end,
        horizon_days,
        past.leads,
        len(past.at),
        int(late["leads"]),
        told[0],
        told[1],
        kept=sum(before[key].at == after[key].at for key in shared),
        sooner=sum(after[key].at < before[key].at for key in shared),
        later=sum(after[key].at > before[key].at for key in shared),
        gained=gained,
        lost=lost,
        by_rule=_by_rule(gained, lost),
    )


def _side(
    connection: Connection, label: str, judge: Judge, found: Found, sqls: dict[int, datetime], horizon: timedelta
) -> Side:
    handed = list(found.firsts.values())
    tiers = [str(each.decision["tier_id"]) for each in handed]
    return Side(
        label,
        len(handed),
        dict(sorted(Counter(tiers).items())),
        outcomes.conversion(((each.lead_no, each.at) for each in handed), sqls, judge.end, horizon),
        load.per_rep(connection, judge, handed),
        outcomes.breaches(connection, tiers),
        found.moments,
        found.asked,
    )


def _changes(
    connection: Connection, judges: Sequence[Judge], which: list[First], sqls: dict[int, datetime], *, gone: bool
) -> tuple[Change, ...]:
    """Why the other agreement would not have handed these leads over at that moment: both are asked once more."""
    if not which:
        return ()
    asked = [Asked(f"{place}", each.lead_no, each.at) for place, each in enumerate(which)]
    wanted = ("int_decisions", "int_clauses", "int_score_parts")
    before, after = (_by_key(decide(connection, judge, asked, wanted)) for judge in judges)
    refusing = after if gone else before
    who = firsts.names(connection, {each.lead_no for each in which})
    changes = []
    for place, each in enumerate(which):
        key = f"{place}"
        refused = _of(refusing, key, each)
        rules, why = _why(refused, refusing, before, after, key)
        sql_at = sqls.get(each.lead_no)
        changes.append(
            Change(
                who[each.lead_no]["lead_id"],
                who[each.lead_no]["full_name"],
                who[each.lead_no]["company_name"],
                each.product_id,
                each.at,
                _score(before, key, each),
                _score(after, key, each),
                rules,
                why,
                sql_at if sql_at and sql_at >= each.at else None,
            )
        )
    return tuple(changes)


REFUSALS = (("disqualifier", "held"), ("requirement", "failed"), ("requirement", "unknown"), ("behaviour", "failed"))
"""What refuses a lead whatever its score, in the order in which the models look."""
Answers = dict[str, dict[str, list[Row]]]
"""Rows by model and key."""


def _by_key(answers: dict[str, list[Row]]) -> Answers:
    found: Answers = {}
    for name, rows in answers.items():
        found[name] = defaultdict(list)
        for row in rows:
            found[name][row["lead_id"]].append(row)
    return found


def _of(answers: Answers, key: str, first: First) -> Row | None:
    decisions = answers["int_decisions"][key]
    return next((row for row in decisions if row["product_id"] == first.product_id and not row["is_shadow"]), None)


def _score(answers: Answers, key: str, first: First) -> float:
    row = _of(answers, key, first)
    return float(row["score"]) if row else 0.0


def _why(
    refused: Row | None, refusing: Answers, before: Answers, after: Answers, key: str
) -> tuple[tuple[str, ...], str]:
    """The clauses that refuse the lead; where it is the threshold, the rules whose points differ most."""
    if refused is None:
        return ("definitions",), "no definition of this product is live"
    for kind, state in REFUSALS:
        clauses = sorted(
            row["clause_id"]
            for row in refusing["int_clauses"][key]
            if (row["definition_id"], row["clause_kind"], row["state"]) == (refused["definition_id"], kind, state)
        )
        if clauses:
            return tuple(clauses), refused["reason"]
    points: dict[str, float] = defaultdict(float)
    for sign, answers in ((-1, before), (1, after)):
        for row in answers["int_score_parts"][key]:
            points[row["rule_id"]] += sign * float(row["points"])
    moved = sorted((rule for rule, by in points.items() if abs(by) >= 0.01), key=lambda rule: -abs(points[rule]))
    return tuple(moved[:3]) or (refused["definition_id"],), refused["reason"]


def _by_rule(gained: Iterable[Change], lost: Iterable[Change]) -> tuple[tuple[str, int, int], ...]:
    up, down = (Counter(rule for each in group for rule in each.rules[:1]) for group in (gained, lost))
    rows = [(rule, up[rule], down[rule]) for rule in up.keys() | down.keys()]
    return tuple(sorted(rows, key=lambda row: (-(row[1] + row[2]), row[0])))
