"""What changed between two agreements, row by row."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise

from handoff.agreement.change import Cell, Change, Kind
from handoff.agreement.model import OPEN, Agreement, Row, Span

_DECIDES_NOTHING = frozenset({"golden_cases"})
"""Tables whose past may be written anew."""


def changes(before: Agreement, after: Agreement, as_of: date) -> list[Change]:
    """The changes, by table, id and day.

    A row that is closed and followed by another is told as one change from the day on which the other begins.

    Args:
        as_of: days before it are past, so that a change of them is of what was already in force.
    """
    found: list[Change] = []
    for table in dict.fromkeys([*before.seeds, *after.seeds]):
        found += _columns(before, after, table)
        shared = _shared(before, after, table)
        old, new = _versions(before, table), _versions(after, table)
        for key in sorted({*old, *new}):
            found += _of_id(old.get(key, []), new.get(key, []), shared, as_of)
    return found


def _columns(before: Agreement, after: Agreement, table: str) -> Iterator[Change]:
    sides = [set(side.seeds[table].columns) if table in side.seeds else set() for side in (before, after)]
    for name in sorted(sides[0] ^ sides[1]) if all(sides) else ():
        here, there = ("absent", "present") if name in sides[1] else ("present", "absent")
        yield Change(table, name, "column", date.min, OPEN, (Cell(f"column {name}", here, there),), None, None)


def _shared(before: Agreement, after: Agreement, table: str) -> list[str]:
    seeds = [side.seeds[table] for side in (before, after) if table in side.seeds]
    return [name for name in seeds[-1].columns if all(name in seed.columns for seed in seeds)]


def _versions(agreement: Agreement, table: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(agreement.rows(table), key=lambda row: row.span):
        found[row.key].append(row)
    return found


def _of_id(before: list[Row], after: list[Row], columns: list[str], as_of: date) -> list[Change]:
    """Compare what each side says of one id, on each stretch of days on which neither side changes."""
    found: list[Change] = []
    for day, until in pairwise(sorted({day for row in (*before, *after) for day in row.span})):
        old, new = (next((row for row in rows if row.holds(day)), None) for rows in (before, after))
        change = _change(old, new, columns, (day, until), as_of)
        last = found[-1] if found else None
        if change and last and (last.until, last.kind, last.cells) == (day, change.kind, change.cells):
            found[-1] = replace(last, until=until)
        elif change:
            found.append(change)
    return found


def _change(old: Row | None, new: Row | None, columns: list[str], days: Span, as_of: date) -> Change | None:
    row = new or old
    texts = [each.cells if each else {} for each in (old, new)]
    # When a row holds is told by the days.
    names = [name for name in columns if name not in ("valid_from", "valid_to")]
    cells = tuple(
        Cell(name, texts[0].get(name), texts[1].get(name)) for name in names if texts[0].get(name) != texts[1].get(name)
    )
    if row is None or not cells:
        return None
    kind: Kind = "added" if old is None else "removed" if new is None else "changed"
    decides = row.seed.name not in _DECIDES_NOTHING and {cell.column for cell in cells} != {"why"}
    since = days[0] if decides and days[0] < as_of else None
    return Change(row.seed.name, row.key, kind, *days, cells, new.line if new else None, since)
