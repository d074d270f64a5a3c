"""The next version of a definition whose points or threshold change, so that each decision carries what it was made by.

Nobody has signed it: a signature is nobody's to write but theirs.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from handoff.agreement.model import Agreement, Row
from handoff.suggest.seed_files import record

UNSIGNED = "to be signed by "


def next_version(agreement: Agreement, definition: Row, on: date, why: str, **cells: str) -> dict[str, str]:
    """Cells of a definition that begins on a day; one that begins on that day already keeps its number.

    Args:
        cells: what else it says otherwise.
    """
    number = definition["version"]
    if definition.span[0] < on:
        numbers = [row["version"] for row in agreement.rows("definitions", definition_id=definition.key)]
        number = str(max((int(each) for each in numbers if each.isdecimal()), default=len(numbers)) + 1)
    signed = {"agreed_by": f"{UNSIGNED}{definition['agreed_by'].removeprefix(UNSIGNED)}", "agreed_at": on.isoformat()}
    return {"version": number, **cells, **signed, "why": why}


def revised(text: str, rows: list[Row], changed: Mapping[str, Mapping[str, str]], on: date) -> Iterator[str]:
    """The lines of a seed, in which some rows end on a day and begin anew with other cells.

    A row that is not changed stays as it stands, byte for byte.

    Args:
        changed: new cells by id.
    """
    lines = text.splitlines(keepends=True)
    yield lines[0]
    ends = [*(row.line for row in rows[1:]), len(lines) + 1]
    for row, end in zip(rows, ends, strict=True):
        cells = changed.get(row.key) if row.holds(on) else None
        if cells is None:
            yield from lines[row.line - 1 : end - 1]
            continue
        if row.span[0] < on:
            yield record({**row.cells, "valid_to": on.isoformat()})
        yield record({**row.cells, **cells, "valid_from": on.isoformat()})
