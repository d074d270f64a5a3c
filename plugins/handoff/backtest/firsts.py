"""When an agreement would first have handed over each lead: numbers find the moments, the models decide them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.backtest import bounds, facts
from handoff.backtest.decide import Asked, Judge, decide_together, definitions, longest_wait_minutes, matches
from handoff.backtest.history import History
from handoff.ledger.db import Connection, Row

log = logging.getLogger(__name__)

FIRST_ROUND = 1
"""Moments asked of each undecided lead in the first round; twice as many in each later one."""


@dataclass(frozen=True)
class First:
    """The first handoff of a lead for a product within the span."""

    lead_no: int
    product_id: str
    definition_id: str
    at: datetime
    decision: Row
    points: dict[str, float]
    """By rule."""
    candidates: list[Row]
    """Rows of `int_route_candidates`, of all products."""


@dataclass(frozen=True)
class Possible:
    """Moments at which a definition might be met, in order, by lead."""

    definition_id: str
    product_id: str
    by_lead: dict[int, list[datetime]]


@dataclass(frozen=True)
class Found:
    """All of them by (lead_no, product id), and how many moments the models were asked about."""

    firsts: dict[tuple[int, str], First]
    moments: int
    asked: int


def possible(
    connection: Connection, judge: Judge, history: History, start: datetime, *, shadows: bool = False
) -> list[Possible]:
    """Moments from `start` to the judge's end at which each definition might be met.

    Args:
        shadows: take the shadow definitions in place of the live ones.
    """
    rows = matches(connection, judge)
    return [
        Possible(each["definition_id"], each["product_id"], _candidates(connection, judge, history, start, each, rows))
        for each in definitions(connection, judge)
        if each["is_shadow"] == shadows
    ]


def find(sessions: Sequence[Connection], judge: Judge, moments: Sequence[Possible]) -> Found:
    """Ask the models about the moments that are possible.

    A lead counts once a product, at its first MQL moment. What was handed over in truth plays no part.
    """
    firsts: dict[tuple[int, str], First] = {}
    asked = 0
    for each in moments:
        for first, number in _decided(sessions, judge, each):
            asked += number
            if first is not None:
                place = (first.lead_no, first.product_id)
                if place not in firsts or first.at < firsts[place].at:
                    firsts[place] = first
    return Found(firsts, sum(len(at) for each in moments for at in each.by_lead.values()), asked)


def _candidates(
    connection: Connection, judge: Judge, history: History, start: datetime, definition: Row, rows: list[Row]
) -> dict[int, list[datetime]]:
    """Moments of the span at which the definition might be met, in order, by lead."""
    key, day = definition["definition_id"], judge.end.date().isoformat()
    caps = {
        (row["scope"], row["scope_id"]): float(row["max_points"])
        for row in judge.tables["score_caps"]
        if row["definition_id"] == key and str(row["valid_from"]) <= day < str(row["valid_to"])
    }
    own = [row for row in rows if row["definition_id"] == key]
    if not own:
        return {}
    found = bounds.moments(
        history,
        bounds.rules(history, own, caps),
        _microseconds(start),
        float(definition["max_trigger_age_hours"]) * 3_600e6,
    )
    # What the facts alone rule out needs no further question; only a disqualifier stops a hand-raiser.
    known = facts.judge(connection, judge, key, caps)
    then = known.verdicts(found.lead, found.at, longest_wait_minutes(judge) * 60_000_000)
    near = ~then.is_refused & (found.engagement + then.fit >= float(definition["threshold"]))
    mask = found.has_trigger & ~then.is_blocked & (near | found.has_hand_raise)
    by_lead: dict[int, list[datetime]] = defaultdict(list)
    for lead_no, at in zip(found.lead[mask].tolist(), found.at[mask].tolist(), strict=True):
        moment = _moment(at)
        if not by_lead[lead_no] or by_lead[lead_no][-1] != moment:
            by_lead[lead_no].append(moment)
    return by_lead


def _decided(sessions: Sequence[Connection], judge: Judge, moments: Possible) -> Iterator[tuple[First | None, int]]:
    """Ask the models of each lead's moments in order, a few a round, until one is an MQL or none is left."""
    key, by_lead = moments.definition_id, moments.by_lead
    number, done = FIRST_ROUND, dict.fromkeys(by_lead, 0)
    while done:
        asked = [
            Asked(f"{lead_no}|{place}", lead_no, at)
            for lead_no, begun in done.items()
            for place, at in enumerate(by_lead[lead_no][begun : begun + number], start=begun)
        ]
        answers = decide_together(sessions, judge, asked)
        mqls: dict[int, First] = {}
        for each in asked:
            for row in answers.decisions[each.key]:
                if (row["definition_id"], row["decision"]) == (key, "mql") and (
                    each.lead_no not in mqls or each.at < mqls[each.lead_no].at
                ):
                    points = {
                        rule: by for (definition, rule), by in answers.points[each.key].items() if definition == key
                    }
                    mqls[each.lead_no] = First(
                        each.lead_no, moments.product_id, key, each.at, row, points, answers.candidates[each.key]
                    )
        log.info("%s: %d moments of %d leads asked, %d MQLs", key, len(asked), len(done), len(mqls))
        yield None, len(asked)
        for first in mqls.values():
            yield first, 0
        done = {
            lead_no: begun + number
            for lead_no, begun in done.items()
            if lead_no not in mqls and begun + number < len(by_lead[lead_no])
        }
        number *= 2


def _microseconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def names(connection: Connection, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Who the leads are: lead id, and name and company as last known."""
    rows = connection.execute(
        """select known.lead_no, known.lead_id, lead.full_name, lead.company_name
        from backtest_leads as known left join line.int_leads as lead on lead.lead_id = known.lead_id
        where known.lead_no = any(%s)""",
        (list(numbers),),
    )
    return {row["lead_no"]: row for row in rows}
