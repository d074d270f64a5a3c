"""One row of a file → a lead, or why it cannot be one."""

import math
import re
from dataclasses import dataclass

from bench.leads_mapping import Behaviour, Mapping, key

MOST_TIMES = 100_000
"""A larger count is a typing error."""
_NUMBER = re.compile(r"[0-9]{1,12}([.][0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Lead:
    """One lead as the CRM will know it; `acts` are pairs of a behaviour and how often it happened."""

    id: str
    row: int
    email: str
    properties: dict[str, str]
    acts: tuple[tuple[Behaviour, int], ...]


class Unreadable(ValueError):
    """Its arguments are the field, the reason and the remedy."""


@dataclass(frozen=True)
class Row:
    """Cells by column, both names as `key` gives them, and what stands for no answer."""

    number: int
    cells: dict[str, str]
    blank: set[str]

    def value(self, column: str) -> str:
        """The cell's text; empty when the column is missing or holds no answer."""
        text = self.cells.get(key(column), "").strip()
        return "" if key(text) in self.blank else text

    def first(self, columns: list[str]) -> str:
        """The first cell that holds something."""
        return next((value for value in map(self.value, columns) if value), "")

    def count(self, column: str) -> float | None:
        """A number of times or seconds; None when there is no answer."""
        text = self.value(column)
        if not text:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else math.inf
        if value > MOST_TIMES:
            raise Unreadable(column, f"{text[:40]!r} is not a number from 0 to {MOST_TIMES}", "correct or empty it")
        return value


def lead_of(row: Row, mapping: Mapping, known: dict[str, int]) -> Lead:
    """Read a row.

    Args:
        known: rows of the leads before it, by lead id.

    Raises:
        Unreadable
    """
    lead_id = row.first(mapping.id)
    if not lead_id:
        raise Unreadable(mapping.id[0], "the lead has no number", "give each lead a number of its own")
    if lead_id in known:
        raise Unreadable(mapping.id[0], f"{lead_id!r} is the lead of row {known[lead_id]} already", "keep one of them")
    return Lead(
        id=lead_id,
        row=row.number,
        email=row.first(mapping.email) or f"lead-{row.number}@no-address.example",
        properties=_properties(row, mapping),
        acts=tuple((each, times) for each in mapping.behaviours if (times := _times(row, each))),
    )


def _properties(row: Row, mapping: Mapping) -> dict[str, str]:
    values = {name: row.value(column) for name, column in mapping.properties.items()}
    for name, choice in mapping.choices.items():
        text = row.value(choice.column)
        options = {key(given): value for given, value in choice.values.items()}
        values[name] = options.get(key(text), choice.otherwise or "") if text else ""
    return {name: value for name, value in values.items() if value}


def _times(row: Row, behaviour: Behaviour) -> int:
    if behaviour.column and behaviour.at_least is not None:
        if (row.count(behaviour.column) or 0) < behaviour.at_least:
            return 0
    elif behaviour.column and key(row.value(behaviour.column)) not in map(key, behaviour.values):
        return 0
    known = [number for number in map(row.count, behaviour.times) if number is not None]
    if behaviour.times and not known:
        return 0
    return min(behaviour.most, round(math.prod(known)))
