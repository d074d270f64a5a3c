"""Single things that might have been otherwise about a lead, such as an agreement's rules ask for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handoff.explain.values import Condition, satisfying
from handoff.ledger.db import Connection, Row
from handoff.qualify.loads import Tables

MOST_ACTS = 10
"""Of the acts that a score is made of, those that are thought away: the ones with most points."""


@dataclass(frozen=True)
class Known:
    """The lead as the models saw it: its row of `int_leads`, and its rows of `int_activities` and
    `int_handoff_cycles`, as JSON; and since when it was held, by product."""

    lead: Mapping[str, Any]
    activities: Sequence[Mapping[str, Any]]
    cycles: Sequence[Mapping[str, Any]]
    held: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Supposed:
    """One thing that is otherwise, for one definition.

    Attributes:
        facts: other values of columns of `int_leads`.
        act: kind and subject of one act more, done at `at`.
        without: id of an act that was not done.
        at: when the lead is looked at.
    """

    definition_id: str
    rule_id: str
    what: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    act: Mapping[str, Any] | None = None
    without: str | None = None


@dataclass(frozen=True)
class Rules:
    """The rows of an agreement that are in force at a moment, and values that would meet their conditions."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    fitting: Mapping[Condition, str]
    at: datetime

    def of(self, table: str, definitions: Collection[str]) -> list[Mapping[str, Any]]:
        """Those of some definitions."""
        return [row for row in self.tables[table] if row["definition_id"] in definitions]

    def value(self, row: Mapping[str, Any]) -> str | None:
        """A value for which the condition of a row holds; None when none can be named."""
        return self.fitting.get(_condition(row))


def in_force(connection: Connection, tables: Tables, at: datetime) -> Rules:
    """The rules of an agreement at a moment."""
    day = at.date().isoformat()
    names = ("definitions", "signals", "requirements", "disqualifiers", "fit_points")
    rows = {name: [row for row in tables[name] if row["valid_from"] <= day < row["valid_to"]] for name in names}
    asked = [*rows["requirements"], *rows["fit_points"], *(row for row in rows["disqualifiers"] if _is_fact(row))]
    return Rules(rows, satisfying(connection, map(_condition, asked)), at)


def towards(rules: Rules, known: Known, definitions: Collection[str], clauses: Sequence[Row]) -> Iterator[Supposed]:
    """What might make the lead an MQL of definitions: facts first, then the smallest acts.

    Args:
        clauses: its rows of `int_clauses`.
    """
    states = {(row["definition_id"], row["clause_id"]): row["state"] for row in clauses}
    for row in rules.of("requirements", definitions):
        state = states.get((row["definition_id"], row["requirement_id"]))
        if state in ("failed", "unknown") and (value := rules.value(row)) is not None:
            what = f"if it held (it {'failed' if state == 'failed' else 'is unknown'}): {row['label']}"
            yield Supposed(row["definition_id"], row["requirement_id"], what, rules.at, {row["field"]: value})
    for row in rules.of("disqualifiers", definitions):
        if _is_fact(row) and states.get((row["definition_id"], row["disqualifier_id"])) == "held":
            what = f"without the disqualifier: {row['label']}"
            yield Supposed(row["definition_id"], row["disqualifier_id"], what, rules.at, {row["field"]: None})
    for row in rules.of("fit_points", definitions):
        if row["points"] > 0 and known.lead.get(row["field"]) is None and (value := rules.value(row)) is not None:
            what = f"if it turned out so (it is unknown): {row['label']}"
            yield Supposed(row["definition_id"], row["rule_id"], what, rules.at, {row["field"]: value})
    yield from _acts(rules, known, definitions)


def _acts(rules: Rules, known: Known, definitions: Collection[str]) -> Iterator[Supposed]:
    cool = {row["definition_id"]: _cool_at(row, known, rules.at) for row in rules.of("definitions", definitions)}
    signals = [row for row in rules.of("signals", definitions) if row["can_trigger"]]
    for row in sorted(signals, key=lambda row: (row["points"], row["rule_id"])):
        act = {"kind": row["activity_kind"], "subject": None if row["match_kind"] == "any" else row["match_value"]}
        key, free_at = row["definition_id"], cool.get(row["definition_id"])
        if free_at is None:
            yield Supposed(key, row["rule_id"], f"one more act: {row['label']}", rules.at, act=act)
        else:
            what = f"from {free_at:%Y-%m-%d %H:%M} UTC, when the cooling-off ends, one more act: {row['label']}"
            yield Supposed(key, row["rule_id"], what, free_at, act=act)


def _cool_at(definition: Mapping[str, Any], known: Known, at: datetime) -> datetime | None:
    """When a rejected lead may start anew; None when it may already."""
    span = timedelta(days=definition["requalify_cooling_off_days"])
    ends = [
        datetime.fromisoformat(each["cools_from"]) + span
        for each in known.cycles
        # Models of former days knew of the rejection alone.
        if each["product_id"] == definition["product_id"] and each.get("cools_from")
    ]
    return max((end for end in ends if end > at), default=None)


def against(
    rules: Rules, known: Known, definitions: Collection[str], clauses: Sequence[Row], parts: Sequence[Row]
) -> Iterator[Supposed]:
    """What might have kept the lead from being an MQL of definitions: an act that it is one by, then facts.

    Args:
        clauses: its rows of `int_clauses`.
        parts: its rows of `int_score_parts`.
    """
    for key in definitions:
        acts = [row for row in parts if row["definition_id"] == key and row["activity_id"] and row["points"] > 0]
        for done in sorted(acts, key=lambda part: (-part["points"], part["activity_id"]))[:MOST_ACTS]:
            what = f"had it not done this: {done['evidence']}"
            yield Supposed(key, done["rule_id"], what, rules.at, without=done["activity_id"])
    states = {(row["definition_id"], row["clause_id"]): row["state"] for row in clauses}
    for row in rules.of("requirements", definitions):
        if known.lead.get(row["field"]) is not None:
            what = f"if it were unknown: {row['label']}"
            yield Supposed(row["definition_id"], row["requirement_id"], what, rules.at, {row["field"]: None})
    for row in rules.of("disqualifiers", definitions):
        state = states.get((row["definition_id"], row["disqualifier_id"]))
        if _is_fact(row) and state != "held" and (value := rules.value(row)) is not None:
            what = f"with the disqualifier: {row['label']}"
            yield Supposed(row["definition_id"], row["disqualifier_id"], what, rules.at, {row["field"]: value})


def _is_fact(row: Mapping[str, Any]) -> bool:
    return bool(row["basis"] == "fact")


def _condition(row: Mapping[str, Any]) -> Condition:
    return row["field"], row["operator"], row["value"]
