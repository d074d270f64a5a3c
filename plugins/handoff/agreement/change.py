"""One change of an agreement, in words that a reviewer needs no CSV to follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

from handoff.agreement.model import OPEN

Kind = Literal["added", "removed", "changed", "column"]


_KEPT = "; past handoffs keep the rows they were decided by"


@dataclass(frozen=True)
class Cell:
    """One column of a change."""

    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """One id that reads otherwise for a stretch of days."""

    table: str
    id: str
    kind: Kind
    """Whether both sides have a row for these days; `column` is a column that only one side's table has."""
    from_day: date
    until: date
    """First day on which this is no longer the difference; 9999-12-31 when it stays."""
    cells: tuple[Cell, ...]
    line: int | None
    """Where the row stands in the newer file; None when it is gone."""
    rewrites_since: date | None
    """Set when days that are past read otherwise: from the first of them on, figures are counted by the newer rows."""

    def __str__(self) -> str:
        if self.kind == "column":
            return f"{self.table}: {self.cells[0].column} {self.cells[0].before} → {self.cells[0].after}"
        when = "" if self.from_day == date.min else f" from {self.from_day}"
        when += "" if self.until == OPEN else f" until {self.until}"
        return f"{self.table} {self.id}: {self._what()}{when}{self._reason()}{self._warning()}"

    def _what(self) -> str:
        told = [cell for cell in self.cells if cell.column != "why"] or self.cells
        if self.kind == "changed":
            return ", ".join(f"{cell.column} {cell.before} → {cell.after}" for cell in told)
        if self.kind == "removed":
            return "holds no longer"
        return "new, with " + ", ".join(f"{cell.column} {cell.after}" for cell in told if cell.after != self.id)

    def _reason(self) -> str:
        reason = next((cell.after for cell in self.cells if cell.column == "why" and cell.after), None)
        return f" ({reason})" if reason and len(self.cells) > 1 else ""

    def _warning(self) -> str:
        if self.rewrites_since is None:
            return ""
        if self.rewrites_since == date.min:
            return f"; its table has no validity: figures of the past are counted by it too{_KEPT}"
        since = f"changes what was in force since {self.rewrites_since}"
        return f"; {since}: figures of that time are counted by it{_KEPT}"


def markdown(changes: Iterable[Change]) -> str:
    """The changes for a pull request, by table; those that change what was already in force come first."""
    found = list(changes)
    if not found:
        return "The agreement is the same.\n"
    rewriting = [each for each in found if each.rewrites_since]
    parts = (
        ["\n".join(["> **Changes what was already in force**", *(f">\n> - {each}" for each in rewriting)])]
        if rewriting
        else []
    )
    for table, group in groupby((each for each in found if not each.rewrites_since), key=lambda each: each.table):
        lines = [f"- {str(each).removeprefix(table).lstrip(': ')}" for each in group]
        parts.append("\n".join([f"**{table}**", "", *lines]))
    return "\n\n".join(parts) + "\n"
