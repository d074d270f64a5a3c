"""Conditions on facts: the fact exists, the operator fits it, and the value can ever match."""

import re
from collections.abc import Iterator

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.vocabulary import fact_kinds, known_values

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.][0-9]{1,9})?")
_ORDERED = {"at_least", "at_most", "between"}
_LISTED = {"one_of", "none_of", "ends_with"}


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of requirements, fit rules, and disqualifiers by fact."""
    kinds, known = fact_kinds(), known_values(agreement)
    conditions = agreement.rows("requirements") + agreement.rows("fit_points")
    for row in conditions + agreement.rows("disqualifiers", basis="fact"):
        if not (row["field"] and row["operator"] and row["value"]):
            continue
        kind = kinds.get(row["field"])
        if kind is None:
            wrong = f"field {row['field']!r} of {row.label} is no fact about a lead"
            yield row.problem("field", wrong, nearest(row["field"], kinds))
        else:
            yield from _operator(row, kind) or _value(row, kind, known)


def _operator(row: Row, kind: str) -> list[Problem]:
    operator = row["operator"]
    subject = f"operator {operator} of {row.label}"
    if operator in {"any", "exact", "prefix"}:
        remedy = "write is_known, equals, one_of, none_of, ends_with, at_least, at_most or between"
        return [row.problem("operator", f"{subject} is for activity, not for a fact", remedy)]
    if operator in _ORDERED and kind != "number":
        return [
            row.problem("operator", f"{subject} needs a number, and {row['field']} is none", "write equals or one_of")
        ]
    if operator == "ends_with" and kind != "text":
        remedy = "write at_least, at_most, between or equals"
        return [row.problem("operator", f"{subject} needs text, and {row['field']} is none", remedy)]
    return []


def _value(row: Row, kind: str, known: dict[str, set[str]]) -> list[Problem]:
    operator, value = row["operator"], row["value"]
    subject = f"value {value!r} of {row.label}"
    if operator == "is_known":
        return [] if value == "*" else [row.problem("value", f"{subject} is not looked at by is_known", "write *")]
    parts = value.split(";")
    if operator in {"at_least", "at_most"} and not _NUMBER.fullmatch(value):
        return [row.problem("value", f"{subject} is no number, which {operator} needs", "write digits only, e.g. 20")]
    if operator == "between":
        return _between(row, subject, parts)
    if operator == "equals" and len(parts) > 1:
        return [row.problem("value", f"{subject} is a list, and equals takes one", "write one_of as the operator")]
    for part in parts if operator in _LISTED | {"equals"} else []:
        if not part or part != part.strip():
            wrong = f"{subject} has {'nothing' if not part.strip() else 'a blank'} between its semicolons"
            tidy = ";".join(each.strip() for each in parts if each.strip())
            return [row.problem("value", wrong, f"blanks count: write {tidy}")]
        if problem := _part(row, subject, part, kind, known.get(row["field"])):
            return [problem]
    if len({part.lower() for part in parts}) < len(parts):
        return [row.problem("value", f"{subject} names something twice", "name it once")]
    return []


def _between(row: Row, subject: str, parts: list[str]) -> list[Problem]:
    if len(parts) != 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        return [row.problem("value", f"{subject} is not two numbers, which between needs", "write them as 20;199")]
    if float(parts[0]) > float(parts[1]):
        wrong = f"{subject} begins above its end, so that nothing lies between"
        return [row.problem("value", wrong, f"write {parts[1]};{parts[0]}")]
    return []


def _part(row: Row, subject: str, part: str, kind: str, known: set[str] | None) -> Problem | None:
    if kind == "flag" and part not in {"true", "false"}:
        return row.problem(
            "value", f"{subject} can never be {row['field']}, which is true or false", "write true or false"
        )
    if kind == "number" and not re.fullmatch(r"-?[0-9]+", part):
        return row.problem("value", f"{subject} is no whole number as {row['field']} is", "write digits only")
    if row["operator"] == "ends_with":
        if row["field"].endswith("_domain") and not part.startswith("."):
            remedy = f"write .{part}, or one_of for that domain alone"
            return row.problem("value", f"{subject}: {part} is also the end of domains of others", remedy)
    elif known and part not in known:
        return row.problem(
            "value",
            f"{subject}: {part} is no {row['field']} of seeds/reference",
            nearest(part, known, "seeds/reference"),
        )
    return None
