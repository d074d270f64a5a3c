"""Read a CSV of leads by a mapping: what goes to the CRM, what cannot be read and why, and the outcome, kept apart."""

import csv
import io
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from bench.leads_mapping import BadInput, Behaviour, Mapping, key

MOST_TIMES = 100_000
"""A larger count is a typing error."""
LARGEST_CELL = 10_000_000
_NUMBER = re.compile(r"[0-9]{1,12}([.][0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Lead:
    """One lead as the CRM will know it; `acts` are pairs of a behaviour and how often it happened."""

    id: str
    row: int
    email: str
    properties: dict[str, str]
    acts: tuple[tuple[Behaviour, int], ...]


@dataclass(frozen=True)
class Rejected:
    """A row that does not become a lead. `row` counts as a spreadsheet does: the header is row 1."""

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


class _Unreadable(ValueError):
    """Its arguments are the field, the reason and the remedy."""


def read(path: Path, mapping: Mapping) -> LeadFile:
    """Read every row.

    Raises:
        BadInput: there is no such file, it has no header, its quoting is broken, or the mapping fits none of it.
    """
    rows = _rows(path)
    if not rows:
        raise BadInput(f"{path} is empty: its first line must name the columns")
    names = [key(name) for name in rows[0]]
    found = LeadFile(absent=[name for name in mapping.columns if key(name) not in names])
    if len(found.absent) == len(mapping.columns):
        raise BadInput(f"{path} has none of the columns of the mapping {mapping.name!r}: give another with --mapping")
    known: dict[str, int] = {}
    for number, values in enumerate(rows[1:], start=2):
        if not any(values):
            continue
        row = _Row(dict(zip(names, values, strict=False)), {key(text) for text in mapping.blank})
        lead_id = row.first(mapping.id)
        try:
            if len(values) > len(names):
                raise _Unreadable("row", f"{len(values)} cells under {len(names)} columns", "quote cells with commas")
            lead = _lead(row, mapping, lead_id, number, known)
        except _Unreadable as wrong:
            found.rejected.append(Rejected(number, lead_id, *wrong.args))
            continue
        known[lead.id] = number
        found.leads.append(lead)
        if mapping.outcome:
            outcome = key(row.cells.get(key(mapping.outcome.column), ""))
            if outcome in {key(text) for text in (*mapping.outcome.positive, *mapping.outcome.negative)}:
                found.outcomes[lead.id] = outcome in map(key, mapping.outcome.positive)
    return found


@dataclass(frozen=True)
class _Row:
    cells: dict[str, str]
    blank: set[str]

    def value(self, column: str) -> str:
        text = self.cells.get(key(column), "").strip()
        return "" if key(text) in self.blank else text

    def first(self, columns: list[str]) -> str:
        return next((value for value in map(self.value, columns) if value), "")

    def number(self, column: str) -> float | None:
        text = self.value(column)
        if not text:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else math.inf
        if value > MOST_TIMES:
            raise _Unreadable(column, f"{text[:40]!r} is not a number from 0 to {MOST_TIMES}", "correct or empty it")
        return value


def _rows(path: Path) -> list[list[str]]:
    try:
        raw = path.read_bytes()
    except OSError as missing:
        raise BadInput(f"{path} cannot be read: {missing.strerror}") from missing
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    header = text.partition("\n")[0]
    csv.field_size_limit(LARGEST_CELL)
    # Strict, because a quote that is never closed would swallow the rows after it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=header.count), strict=True)
    try:
        return [row for row in reader if row]
    except csv.Error as broken:
        raise BadInput(f"{path}, line {reader.line_num}: {broken}; correct the quotes there") from broken


def _lead(row: _Row, mapping: Mapping, lead_id: str, number: int, known: dict[str, int]) -> Lead:
    if not lead_id:
        raise _Unreadable(mapping.id[0], "the lead has no number", "give each lead a number of its own")
    if lead_id in known:
        raise _Unreadable(mapping.id[0], f"{lead_id!r} is the lead of row {known[lead_id]} already", "keep one of them")
    properties = {name: row.value(column) for name, column in mapping.properties.items()}
    for name, choice in mapping.choices.items():
        text = row.value(choice.column)
        options = {key(given): value for given, value in choice.values.items()}
        properties[name] = options.get(key(text), choice.otherwise or "") if text else ""
    acts = tuple((each, count) for each in mapping.behaviours if (count := _times(row, each)))
    return Lead(
        id=lead_id,
        row=number,
        email=row.first(mapping.email) or f"lead-{number}@no-address.example",
        properties={name: value for name, value in properties.items() if value},
        acts=acts,
    )


def _times(row: _Row, behaviour: Behaviour) -> int:
    if behaviour.column and behaviour.at_least is not None:
        if (row.number(behaviour.column) or 0) < behaviour.at_least:
            return 0
    elif behaviour.column and key(row.value(behaviour.column)) not in map(key, behaviour.values):
        return 0
    numbers = [row.number(column) for column in behaviour.times]
    known = [number for number in numbers if number is not None]
    if behaviour.times and not known:
        return 0
    return min(behaviour.most, round(math.prod(known)))
