"""What changed in the agreement in a week: rules that began, ended, or read otherwise from a day on."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement, Row

LEFT_OUT = frozenset({"absences", "golden_cases"})
"""Why somebody is away is nobody's business, and examples are no rules."""
PRIVATE = frozenset({"email", "slack_user_id", "agreed_by"})
"""Columns of which it is told that they changed, and not from what to what: a pack is kept for good."""
UNTOLD = frozenset({"valid_from", "valid_to", "why"})
TITLE = "What changed in the agreement"
Line = tuple[str, str, str, str]


def section(agreement: Agreement, week: date, until: date, unloaded: Sequence[str] = ()) -> Section:
    """Rules whose own rows begin or end on a day from `week` to before `until`; the agreement's days are of UTC.

    Args:
        agreement: the one that decides.
        unloaded: tables of which the files say something else.
    """
    lines = tuple(_lines(agreement, week, until))
    told: tuple[str, ...] = () if lines else ("Nothing.",)
    if unloaded:
        since = f"The files have changed since the last load in {', '.join(unloaded)}"
        told += (f"{since}: that decides from `handoff agreement load` on, and is not told here before.",)
    columns = ("Id", "What", "When", "Why")
    return Section(TITLE, told, (Table("Rules that began, ended or changed", columns, lines),) if lines else ())


def _lines(agreement: Agreement, week: date, until: date) -> Iterator[Line]:
    for name in sorted(agreement.tables.keys() - LEFT_OUT):
        rules: dict[str, list[Row]] = defaultdict(list)
        for row in agreement.rows(name):
            if "valid_from" in row.seed.columns and row.is_dated:
                rules[row.key].append(row)
        for key in sorted(rules):
            yield from _of_rule(rules[key], week, until)


def _of_rule(rows: Sequence[Row], week: date, until: date) -> Iterator[Line]:
    for day in sorted({day for row in rows for day in row.span if week <= day < until}):
        old, new = (next((row for row in rows if row.holds(each)), None) for each in (day - timedelta(days=1), day))
        if old and new:
            if told := _difference(old, new):
                yield _line(new, told, f"changed {day}")
        elif new:
            end = new.span[1]
            is_over = end < until and not any(row.holds(end) for row in rows)
            yield _line(new, _whole(new), f"began {day}, ended {end}" if is_over else f"began {day}")
        elif old and not (week <= old.span[0] and _has_begun_anew(old, rows)):
            yield _line(old, _whole(old), f"ended {day}")


def _has_begun_anew(row: Row, rows: Sequence[Row]) -> bool:
    """Whether nothing came before it, so that the line of its beginning tells its end as well."""
    return not any(each.holds(row.span[0] - timedelta(days=1)) for each in rows)


def _line(row: Row, told: str, when: str) -> Line:
    return row.key, f"{row.seed.noun}: {told}", when, row.cells.get("why") or "–"


def _difference(old: Row, new: Row) -> str:
    told = []
    for name in (name for name in new.cells if name not in UNTOLD and old.cells.get(name) != new.cells[name]):
        values = "changed" if name in PRIVATE else f"{old.cells.get(name) or '–'} → {new.cells[name] or '–'}"
        told.append(f"{_in_words(name)} {values}")
    if not told and old.cells.get("why") != new.cells.get("why"):
        told.append("another reason")
    return "; ".join(told)


def _whole(row: Row) -> str:
    shown = (name for name, value in row.cells.items() if value and name not in UNTOLD | PRIVATE | {row.seed.key})
    return "; ".join(f"{_in_words(name)} {row.cells[name]}" for name in shown)


def _in_words(column: str) -> str:
    return column.replace("_", " ")
