"""What a row names must be there, for as long as the row holds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from handoff.agreement.model import OPEN, Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.spans import first_gap

Target = tuple[str, str]
"""Table and column."""

RULES: tuple[Target, ...] = (("signals", "rule_id"), ("fit_points", "rule_id"))
CLAUSES: tuple[Target, ...] = (
    *(("requirements", "requirement_id"), ("disqualifiers", "disqualifier_id"), ("behaviours", "behaviour_id")),
    *(*RULES, ("definitions", "definition_id")),
)
_SCOPES: dict[str, tuple[Target, ...]] = {
    "rule": RULES,
    "group": (("signals", "cap_group"), ("fit_points", "cap_group")),
}
_WORDS = {"family": ("fit", "engagement"), "total": ("*",)}


@dataclass(frozen=True)
class Reference:
    """One name in a row, and where it must stand."""

    row: Row
    column: str
    name: str
    targets: tuple[Target, ...]
    is_of_one_definition: bool = False
    """Whether it must be of the row's own definition."""


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Names that stand nowhere, or only at other times."""
    rows_of: dict[Target, dict[Any, list[Row]]] = {}
    for reference in _references(agreement):
        targets = [target for target in reference.targets if target[0] in agreement.tables]
        for target in targets:
            if target not in rows_of:
                rows_of[target] = _by_name(agreement, target)
        if targets:
            yield from _judge(reference, [rows_of[target] for target in targets])
    yield from _accused_twice(agreement)
    for row in agreement.rows("score_caps"):
        words, name = _WORDS.get(row["scope"]), row["scope_id"]
        if words and name and name not in words:
            wrong = f"scope_id {name!r} of {row.label} is nothing that scope {row['scope']} caps"
            yield row.problem("scope_id", wrong, nearest(name, words))


def _accused_twice(agreement: Agreement) -> Iterator[Problem]:
    """A handoff is of one definition, and its rejection accuses one clause of it."""
    definition_of = {row[column]: row["definition_id"] for table, column in CLAUSES for row in agreement.rows(table)}
    for row in agreement.rows("rejection_reasons"):
        named = Counter(definition_of.get(name) for name in (row["clause_ids"] or "").split(";"))
        for definition_id, number in named.items():
            if definition_id and number > 1:
                wrong = f"clause_ids of {row.label} names {number} clauses of definition {definition_id}"
                yield row.problem("clause_ids", wrong, "name one clause of each definition")


def _by_name(agreement: Agreement, target: Target) -> dict[Any, list[Row]]:
    table, column = target
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in agreement.rows(table):
        if row[column]:
            found[row[column]].append(row)
    return found


def _judge(reference: Reference, candidates: list[dict[Any, list[Row]]]) -> Iterator[Problem]:
    row, name = reference.row, reference.name
    found = [each for named in candidates for each in named.get(name, ())]
    own = [
        each for each in found if not reference.is_of_one_definition or each["definition_id"] == row["definition_id"]
    ]
    subject = f"{reference.column} {name!r} of {row.label}"
    files = " or ".join(f"{table}.csv" for table, _ in reference.targets)
    if not found:
        remedy = nearest(name, (each for named in candidates for each in named))
        yield row.problem(reference.column, f"{subject} is not in {files}", remedy)
    elif not own:
        wrong = f"{subject} belongs to definition {found[0]['definition_id']}, not to {row['definition_id']}"
        yield row.problem(reference.column, wrong, "name one of the row's own definition")
    elif day := first_gap(row, own):
        lines = ", ".join(sorted({f"{each.seed.name}.csv:{each.line}" for each in own}))
        end = "while the row is open" if row.span[1] == OPEN else f"while the row holds until {row.span[1]}"
        wrong = f"{subject} is not in force from {day}, {end}"
        yield row.problem(reference.column, wrong, f"end this row with valid_to {day} as well, or see to {lines}")


def _references(agreement: Agreement) -> Iterator[Reference]:
    for row in agreement:
        for column in row.seed.columns.values():
            if column.refers_to and row[column.name]:
                yield Reference(row, column.name, row[column.name], (column.refers_to,))
    yield from _undeclared(agreement)


def _undeclared(agreement: Agreement) -> Iterable[Reference]:
    """What dbt's `relationships` cannot say: lists, names of several tables, and names under a condition."""
    for row in agreement.rows("behaviours"):
        for name in (row["signal_ids"] or "").split(";"):
            if row["signal_ids"]:
                yield Reference(row, "signal_ids", name, (("signals", "rule_id"),), True)
    for row in agreement.rows("score_caps"):
        if row["scope"] in _SCOPES and row["scope_id"]:
            yield Reference(row, "scope_id", row["scope_id"], _SCOPES[row["scope"]], True)
    for row in agreement.rows("rejection_reasons"):
        if row["clause_ids"]:
            yield from (Reference(row, "clause_ids", name, CLAUSES) for name in row["clause_ids"].split(";"))
    for row in agreement.rows("commitments"):
        if row["product_id"]:
            yield Reference(row, "product_id", row["product_id"], (("definitions", "product_id"),))
    for row in agreement.rows("routing_steps"):
        if row["step"] == "fallback" and row["pool_id"] not in (None, "none"):
            yield Reference(row, "pool_id", row["pool_id"], (("pools", "pool_id"),))
