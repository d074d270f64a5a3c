"""Points add up: caps leave room for the rules below them, and every score that is asked for can be reached."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.spans import first_gap, moments, overlap

FAMILIES = {"fit_points": "fit", "signals": "engagement"}
JUDGED = ("live", "shadow")
"""A draft may still be incomplete."""


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of caps, cap groups, thresholds, the scores of tiers, and behaviour that must be seen."""
    rules = agreement.rows("fit_points") + agreement.rows("signals")
    caps = agreement.rows("score_caps")
    for cap in caps:
        yield from _room(cap, rules)
    for rule in rules:
        yield from _group(rule, caps)
    told: set[Row] = set()
    for definition in agreement.rows("definitions"):
        if definition["status"] in JUDGED:
            yield from _reach(agreement, definition, told)
    yield from _behaviours(agreement)


def _scopes(rule: Row) -> set[tuple[str, str | None]]:
    family = FAMILIES[rule.seed.name]
    return {("rule", rule.key), ("group", rule["cap_group"]), ("family", family), ("total", "*")}


def _room(cap: Row, rules: list[Row]) -> Iterator[Problem]:
    most = cap["max_points"]
    below = [
        rule
        for rule in rules
        if rule["definition_id"] == cap["definition_id"]
        and (cap["scope"], cap["scope_id"]) in _scopes(rule)
        and None not in (most, rule["points"])
        and rule["points"] > most
        and overlap(rule, cap)
    ]
    if below:
        rule = max(below, key=lambda each: each["points"])
        wrong = (
            f"max_points {most} of {cap.label} is below the {rule['points']} points of {rule.label} ({_place(rule)})"
        )
        yield cap.problem("max_points", wrong, f"write {rule['points']} or more, or lower the rule's points")


def _place(row: Row) -> str:
    return f"{row.seed.name}.csv:{row.line}"


def _group(rule: Row, caps: list[Row]) -> Iterator[Problem]:
    group, definition_id = rule["cap_group"], rule["definition_id"]
    if not (group and definition_id):
        return
    of_groups = [cap for cap in caps if cap["scope"] == "group" and cap["definition_id"] == definition_id]
    day = first_gap(rule, (cap for cap in of_groups if cap["scope_id"] == group))
    if day:
        known = ", ".join(sorted({cap["scope_id"] for cap in of_groups if cap["scope_id"]})) or "none"
        wrong = f"cap_group {group!r} of {rule.label} has no cap from {day}"
        remedy = f"write one that has ({known}), or add a cap with scope group and scope_id {group}"
        yield rule.problem("cap_group", wrong, remedy)


def _behaviours(agreement: Agreement) -> Iterator[Problem]:
    for row in agreement.rows("behaviours", counted="signals"):
        named = len(set((row["signal_ids"] or "").split(";")))
        if row["min_count"] is not None and row["min_count"] > named:
            wrong = f"min_count {row['min_count']} of {row.label} can never be reached: it names {named} signals"
            yield row.problem("min_count", wrong, f"write {named} or less, name more signals, or count acts")


def _reach(agreement: Agreement, definition: Row, told: set[Row]) -> Iterator[Problem]:
    tables = ("fit_points", "signals", "score_caps", "tiers")
    rows = [row for table in tables for row in agreement.rows(table, definition_id=definition.key)]
    for day in moments(definition.span, rows):
        most = most_points(agreement, definition.key, day)
        asked = [(definition, "threshold"), *((row, "min_score") for row in rows if row.seed.name == "tiers")]
        for row, column in asked:
            if row.holds(day) and row[column] is not None and row[column] > most and row not in told:
                told.add(row)
                wrong = f"{column} {row[column]} of {row.label} can never be reached: no more than {most} points count"
                yield row.problem(column, wrong, f"write {most} or less, or raise the caps in score_caps.csv")


def most_points(agreement: Agreement, definition_id: str, day: date) -> Decimal:
    """The most that any lead can score on a day, by the points of the rules and the caps on them."""
    caps: dict[tuple[str, str], Decimal] = {
        (cap["scope"], cap["scope_id"]): cap["max_points"]
        for cap in agreement.in_force("score_caps", day, definition_id=definition_id)
        if cap["max_points"] is not None
    }
    unlimited = Decimal("Infinity")
    total = Decimal(0)
    for table, family in FAMILIES.items():
        groups: dict[str, Decimal] = defaultdict(Decimal)
        for rule in agreement.in_force(table, day, definition_id=definition_id):
            # What is wrong with a cell is told once.
            points = unlimited if rule["points"] is None else max(rule["points"], Decimal(0))
            # An act can be repeated, a fact cannot.
            repeated = unlimited if points and family == "engagement" else points
            groups[rule["cap_group"] or ""] += min(repeated, caps.get(("rule", rule.key), unlimited))
        within = sum(
            (min(points, caps.get(("group", group), unlimited)) for group, points in groups.items()), Decimal(0)
        )
        total += min(within, caps.get(("family", family), unlimited))
    return min(total, caps.get(("total", "*"), unlimited))
