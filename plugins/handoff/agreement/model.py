"""The agreement as rows that remember where they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from handoff.agreement.seeds import Seed
from handoff.agreement.values import convert

OPEN = date(9999, 12, 31)
"""`valid_to` of a row that is open."""
Span = tuple[date, date]
"""Half-open: the first day on which something holds, and the first on which it no longer does."""
ALWAYS: Span = (date.min, OPEN)
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the agreement, where, and what to write instead."""

    file: str
    """Below the dbt project, for example `seeds/agreement/reps.csv`."""
    line: int
    """Line of the file on which the record begins, from 1."""
    column: str | None
    found: str | None
    """The cell as it stands; None when the problem is about no cell."""
    wrong: str
    remedy: str
    severity: Severity = "error"
    """An error keeps the agreement from being loaded."""

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}: {mark}{self.wrong}; {self.remedy}"


@dataclass(frozen=True, eq=False)
class Row:
    """One record of a seed. `row["points"]` is the typed value, None when the cell is missing or none of its type."""

    seed: Seed
    line: int
    cells: Mapping[str, str]

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {name: convert(self.seed.columns[name].type, text) for name, text in self.cells.items()}

    def __getitem__(self, column: str) -> Any:
        return self._values.get(column)

    @cached_property
    def key(self) -> str:
        """The row's id."""
        return self.cells.get(self.seed.key, "")

    @cached_property
    def label(self) -> str:
        """What a message calls it, for example `rep ben-okafor`."""
        return f"{self.seed.noun} {self.key}"

    @cached_property
    def span(self) -> Span:
        """When it holds; always, when its dates cannot be read, so that nothing else is blamed for them."""
        return (self["valid_from"], self["valid_to"]) if self.is_dated and "valid_from" in self.cells else ALWAYS

    @cached_property
    def is_dated(self) -> bool:
        """Whether it says when it holds; a table without validity says so for all of its rows."""
        if "valid_from" not in self.seed.columns:
            return True
        begins, ends = self["valid_from"], self["valid_to"]
        return begins is not None and ends is not None and bool(begins < ends)

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.span[0] <= day < self.span[1]

    def problem(self, column: str | None, wrong: str, remedy: str, severity: Severity = "error") -> Problem:
        """A problem of this row."""
        found = self.cells.get(column) if column else None
        return Problem(self.seed.file, self.line, column, found, wrong, remedy, severity)


@dataclass(frozen=True)
class Agreement:
    """All rows of all seeds, from one directory or revision."""

    name: str
    """Where it was read from, for people."""
    seeds: Mapping[str, Seed]
    tables: Mapping[str, tuple[Row, ...]]
    problems: tuple[Problem, ...]
    """What kept files or lines from being read; the rules find the rest."""

    def rows(self, table: str, **where: Any) -> list[Row]:
        """Rows of a table, in the file's order, whose values are those given; none of a table that is missing."""
        return [row for row in self.tables.get(table, ()) if all(row[name] == value for name, value in where.items())]

    def in_force(self, table: str, day: date, **where: Any) -> list[Row]:
        """As `rows`, of those that hold on a day."""
        return [row for row in self.rows(table, **where) if row.holds(day)]

    def __iter__(self) -> Iterator[Row]:
        return (row for rows in self.tables.values() for row in rows)

    def as_tables(self) -> dict[str, list[dict[str, str | None]]]:
        """Every table's cells, blank ones as null, as Postgres reads them into a table of the same columns."""
        return {
            name: [{column: text or None for column, text in row.cells.items()} for row in rows]
            for name, rows in self.tables.items()
        }

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with any cell, and not with the order of lines."""
        lines = sorted(
            f"{row.seed.file}\0" + "\0".join(f"{k}={v}" for k, v in sorted(row.cells.items())) for row in self
        )
        return sha256("\n".join(lines).encode()).hexdigest()[:12]
