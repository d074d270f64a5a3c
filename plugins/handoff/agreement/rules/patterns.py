"""What activity is compared with: letter by letter, so that a wildcard or an expression can never match."""

import re
from collections.abc import Iterator

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest

PAGE, FORM = "page_viewed", "form_submitted"
LONGEST = 200
_FORM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EXPRESSION = re.compile(r"[*^$|\\<>(){}\[\]\s]|%(?![0-9a-f]{2})")
# Repetition of a repetition: harmless here, where nothing is an expression, and whoever wrote it meant one.
_NESTED = re.compile(r"\([^)]*[+*][^)]*\)[+*{]")


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of signals, and of disqualifiers by all activity."""
    kinds = {row["kind"]: row for row in agreement.rows("activity_kinds")}
    for row in agreement.rows("signals"):
        if row["activity_kind"] in kinds:
            yield from _pattern(row, "match_kind", "match_value", row["activity_kind"])
            yield from _trigger(row, kinds[row["activity_kind"]])
    for row in agreement.rows("disqualifiers", basis="all_activity"):
        if row["field"] and kinds and not (row["field"] in kinds and kinds[row["field"]]["is_inbound"]):
            wrong = f"field {row['field']!r} of {row.label} is nothing that a lead does"
            yield row.problem("field", wrong, nearest(row["field"], (k for k, v in kinds.items() if v["is_inbound"])))
        elif row["operator"] and row["operator"] not in {"any", "exact", "prefix"}:
            wrong = f"operator {row['operator']} of {row.label} is for facts, not for activity"
            yield row.problem("operator", wrong, "write any, exact or prefix")
        else:
            yield from _pattern(row, "operator", "value", row["field"])


def _pattern(row: Row, how: str, column: str, activity_kind: str | None) -> Iterator[Problem]:
    match_kind, value = row[how], row[column]
    if not (match_kind and value and activity_kind):
        return
    subject = f"{column} {value!r} of {row.label}"
    if match_kind == "any":
        if value != "*":
            yield row.problem(column, f"{subject} is not looked at, because {how} is any", f"write *, or another {how}")
    elif _NESTED.search(value) or value == "*":
        remedy = f"write the text itself; for everything, {how} any and {column} *"
        yield row.problem(column, f"{subject} is a pattern, and {match_kind} compares letter by letter", remedy)
    elif len(value) > LONGEST:
        wrong = f"{column} of {row.label} is {len(value)} characters long, longer than anything it is compared with"
        yield row.problem(column, wrong, f"write at most {LONGEST}")
    elif activity_kind == PAGE:
        yield from _path(row, subject, column, match_kind)
    elif match_kind == "prefix":
        wrong = f"{how} prefix of {row.label} compares whole segments of a path, and {activity_kind} has none"
        yield row.problem(how, wrong, "write exact, or any")
    elif activity_kind == FORM and not _FORM_ID.fullmatch(value):
        remedy = "copy the form's id from its address in HubSpot, e.g. f0000000-0000-4000-8000-000000000001"
        yield row.problem(column, f"{subject} is no id of a form", remedy)


def _path(row: Row, subject: str, column: str, match_kind: str) -> Iterator[Problem]:
    value = row[column]
    bare = re.sub(r"^[a-z]+://[^/?#]*|[?#].*$", "", value.lower())
    tidy = "/" + re.sub(r"/{2,}", "/", bare).strip("/")
    if bare != value.lower():
        wrong = f"{subject} is an address, and a page is compared by its path alone"
        yield row.problem(column, wrong, f"write {tidy}")
    elif found := _EXPRESSION.search(value):
        wrong = f"{subject} has {found[0]!r}, which no path has: a page is compared letter by letter"
        yield row.problem(column, wrong, f"write {_plain(tidy)}; prefix takes in all pages below it")
    elif not value.startswith("/"):
        yield row.problem(column, f"{subject} does not begin with /, as every path does", f"write {tidy}")
    elif value != value.lower():
        wrong = f"{subject} has capitals, and paths are compared in lower case"
        yield row.problem(column, wrong, f"write {tidy}")
    elif match_kind == "prefix" and value == "/":
        wrong = f"{subject} takes in no page: a prefix is a whole segment"
        yield row.problem(column, wrong, "write any and * for all pages, or exact for the first one")
    elif value != tidy:
        wrong = f"{subject} ends with / or repeats it, and paths are compared without"
        yield row.problem(column, wrong, f"write {tidy}")


def _plain(path: str) -> str:
    kept = re.split(_EXPRESSION, path, maxsplit=1)[0].rstrip("/.")
    return kept or "/pricing"


def _trigger(row: Row, kind: Row) -> Iterator[Problem]:
    if row["is_hand_raiser"] and row["can_trigger"] is False:
        wrong = f"can_trigger is false for {row.label}, a hand-raiser, which qualifies by starting a handoff"
        yield row.problem("can_trigger", wrong, "write true, or false for is_hand_raiser")
    elif row["can_trigger"] and kind["is_inbound"] is False:
        wrong = f"can_trigger is true for {row.label}, and {row['activity_kind']} is nothing that a lead does"
        yield row.problem("can_trigger", wrong, "write false: only what a lead does starts a handoff")
