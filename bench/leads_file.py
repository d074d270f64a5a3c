"""Read a CSV of leads by a mapping: what goes to the CRM, what cannot be read and why, and the outcomes, kept apart."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from bench.leads_mapping import BadInput, Mapping, Outcome, key
from bench.leads_row import Lead, Row, Unreadable, lead_of

LARGEST_CELL = 10_000_000


@dataclass(frozen=True)
class Rejected:
    """A row that does not become a lead, or a lead that the CRM or the line cannot take.

    `row` counts as a spreadsheet does: the header is row 1.
    """

    row: int
    id: str
    field: str
    reason: str
    remedy: str


@dataclass
class LeadFile:
    """Every row of a file is in `leads` or in `rejected`."""

    leads: list[Lead] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    outcomes: dict[str, bool] = field(default_factory=dict)
    """By lead id; those that are known."""
    absent: list[str] = field(default_factory=list)
    """Columns of the mapping that the file lacks."""


def read(path: Path, mapping: Mapping) -> LeadFile:
    """Read every row.

    Raises:
        BadInput: there is no such file, it has no header, its quoting is broken, or the mapping fits none of it.
    """
    rows = _rows(path)
    if not rows:
        raise BadInput(f"{path} is empty: its first line must name the columns")
    names = [key(name) for name in rows[0][1]]
    found = LeadFile(absent=[name for name in mapping.columns if key(name) not in names])
    if len(found.absent) == len(mapping.columns):
        raise BadInput(f"{path} has none of the columns of the mapping {mapping.name!r}: give another with --mapping")
    blank = {key(text) for text in mapping.blank}
    known: dict[str, int] = {}
    for number, values in rows[1:]:
        row = Row(number, dict(zip(names, values, strict=False)), blank)
        try:
            if len(values) > len(names):
                raise Unreadable("row", f"{len(values)} cells under {len(names)} columns", "quote cells with commas")
            lead = lead_of(row, mapping, known)
        except Unreadable as wrong:
            found.rejected.append(Rejected(number, row.first(mapping.id), *wrong.args))
            continue
        known[lead.id] = number
        found.leads.append(lead)
        outcome = _outcome(row, mapping.outcome)
        if outcome is not None:
            found.outcomes[lead.id] = outcome
    return found


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Header and rows with their numbers, without those in which nothing stands."""
    try:
        raw = path.read_bytes()
    except OSError as missing:
        raise BadInput(f"{path} cannot be read: {missing.strerror}") from missing
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    header = text.lstrip().partition("\n")[0]
    csv.field_size_limit(LARGEST_CELL)
    # Strict, because a quote that is never closed would swallow the rows after it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=header.count), strict=True)
    try:
        return [(number, row) for number, row in enumerate(reader, start=1) if any(row)]
    except csv.Error as broken:
        raise BadInput(f"{path}, line {reader.line_num}: {broken}; correct the quotes there") from broken


def _outcome(row: Row, outcome: Outcome | None) -> bool | None:
    if outcome is None:
        return None
    given = key(row.cells.get(key(outcome.column), ""))
    if given in map(key, outcome.positive):
        return True
    return False if given in map(key, outcome.negative) else None
