"""Who one agreement would have handed over and the other not, and by which rule."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handoff.backtest import firsts
from handoff.backtest.decide import Answers, Asked, Judge, decide_together
from handoff.backtest.firsts import First
from handoff.ledger.db import Connection, Row


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


def changes(
    sessions: Sequence[Connection], other: Judge, which: list[First], sqls: dict[int, datetime], *, gone: bool
) -> tuple[Change, ...]:
    """Why the other agreement would not have handed these leads over at that moment: it is asked."""
    if not which:
        return ()
    asked = [Asked(f"{place}", each.lead_no, each.at) for place, each in enumerate(which)]
    answers = decide_together(sessions, other, asked, clauses=True)
    who = firsts.names(sessions[0], {each.lead_no for each in which})
    found = []
    for place, each in enumerate(which):
        refused = next(
            (
                row
                for row in answers.decisions[f"{place}"]
                if row["product_id"] == each.product_id and not row["is_shadow"]
            ),
            None,
        )
        rules, why = _why(refused, answers, f"{place}", each)
        would, would_not = float(each.decision["score"]), float(refused["score"]) if refused else 0.0
        sql_at = sqls.get(each.lead_no)
        found.append(
            Change(
                who[each.lead_no]["lead_id"],
                who[each.lead_no]["full_name"],
                who[each.lead_no]["company_name"],
                each.product_id,
                each.at,
                would if gone else would_not,
                would_not if gone else would,
                rules,
                why,
                sql_at if sql_at and sql_at >= each.at else None,
            )
        )
    return tuple(found)


REFUSALS = (("disqualifier", "held"), ("requirement", "failed"), ("requirement", "unknown"), ("behaviour", "failed"))
"""What refuses a lead whatever its score, in the order in which the models look."""


def _why(refused: Row | None, answers: Answers, key: str, first: First) -> tuple[tuple[str, ...], str]:
    """The clauses that refuse the lead; where it is the threshold, the rules whose points differ most."""
    if refused is None:
        return ("definitions",), "no definition of this product is live"
    for kind, state in REFUSALS:
        clauses = sorted(
            row["clause_id"]
            for row in answers.clauses[key]
            if (row["definition_id"], row["clause_kind"], row["state"]) == (refused["definition_id"], kind, state)
        )
        if clauses:
            return tuple(clauses), refused["reason"]
    points: dict[str, float] = defaultdict(float, first.points)
    for (definition, rule), by in answers.points[key].items():
        if definition == refused["definition_id"]:
            points[rule] -= by
    moved = sorted((rule for rule, by in points.items() if abs(by) >= 0.01), key=lambda rule: -abs(points[rule]))
    return tuple(moved[:3]) or (refused["definition_id"],), refused["reason"]
