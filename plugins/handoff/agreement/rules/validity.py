"""When rows hold: an id has one row at any moment, and none is missing in between."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from handoff.agreement.model import OPEN, Agreement, Problem, Row
from handoff.agreement.spans import overlap

_FAR = date(2200, 1, 1)


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Ends before beginnings, ends that stand for none, overlaps and gaps; and what must be unique and is not."""
    for table in agreement.tables.values():
        versions: dict[str, list[Row]] = defaultdict(list)
        for row in table:
            if "valid_from" in row.seed.columns:
                yield from _of_one(row)
                versions[row.key].append(row)
        for rows in versions.values():
            dated = [row for row in rows if row.is_dated]
            yield from _between(sorted(dated, key=lambda row: (row.span, row.line)))
        yield from _repeated(table)


def _of_one(row: Row) -> Iterator[Problem]:
    begins, ends = row["valid_from"], row["valid_to"]
    if begins and ends and begins >= ends:
        wrong = f"{row.label} ends on {ends}, which is not after {begins}, when it begins"
        yield row.problem(
            "valid_to", wrong, "write the first day on which it no longer holds; 9999-12-31 while it is open"
        )
    elif ends and _FAR < ends < OPEN:
        yield row.problem("valid_to", f"{row.label} ends on {ends}", "write 9999-12-31 while the row is open")


def _between(rows: list[Row]) -> Iterator[Problem]:
    for earlier, later in pairwise(rows):
        at = f"line {earlier.line} says what {earlier.label} is from {earlier.span[0]} to {earlier.span[1]}"
        if day := overlap(earlier, later):
            remedy = f"end line {earlier.line} with valid_to {later.span[0]}, or give one of them another id"
            yield later.problem("valid_from", f"{at}, and this line as well from {day}", remedy)
        elif earlier.span[1] < later.span[0]:
            wrong = f"{at}, and nothing says it until {later.span[0]}"
            remedy = f"end line {earlier.line} with valid_to {later.span[0]}, or give this line another id"
            yield later.problem("valid_from", wrong, remedy)


def _repeated(table: tuple[Row, ...]) -> Iterator[Problem]:
    for name in [name for name, column in table[0].seed.columns.items() if column.is_unique] if table else []:
        first: dict[str, int] = {}
        for row in table:
            text = row.cells.get(name, "")
            if text and first.setdefault(text, row.line) != row.line:
                wrong = f"{name} {text!r} stands on line {first[text]} as well"
                yield row.problem(name, wrong, "keep one of the two lines")
