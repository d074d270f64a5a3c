"""A copy of the checkout's seeds, in which a test changes what it likes."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from handoff.agreement.check import problems
from handoff.agreement.model import Problem
from handoff.agreement.source import read

PROJECT = Path(__file__).parents[3] / "dbt_project"
Cells = dict[str, str]


@dataclass(frozen=True)
class Seeds:
    """A directory of seeds. Every method returns the line of the file that it changed."""

    directory: Path

    def path(self, table: str) -> Path:
        """The table's file."""
        return next(self.directory.glob(f"*/{table}.csv"))

    def rows(self, table: str) -> list[Cells]:
        """The records of a table, in the file's order."""
        with self.path(table).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def change(self, table: str, key: str, **cells: str) -> int:
        """Write other cells into the row whose first column is `key`."""
        rows = self.rows(table)
        place = self._place(rows, key)
        rows[place] |= cells
        self._write(table, rows)
        return place + 2

    def add(self, table: str, like: str, **cells: str) -> int:
        """Append a copy of the row `like` with other cells."""
        rows = self.rows(table)
        rows.append(rows[self._place(rows, like)] | cells)
        self._write(table, rows)
        return len(rows) + 1

    def remove(self, table: str, key: str) -> None:
        """Take a row away."""
        rows = self.rows(table)
        del rows[self._place(rows, key)]
        self._write(table, rows)

    def line(self, table: str, key: str) -> int:
        """Where a row stands."""
        return self._place(self.rows(table), key) + 2

    def edit(self, table: str, change: Callable[[bytes], bytes]) -> None:
        """Change the file's bytes."""
        self.path(table).write_bytes(change(self.path(table).read_bytes()))

    def problems(self) -> list[Problem]:
        """What `handoff agreement check` finds here."""
        return problems(read(self.directory))

    def _place(self, rows: list[Cells], key: str) -> int:
        return next(place for place, row in enumerate(rows) if next(iter(row.values())) == key)

    def _write(self, table: str, rows: list[Cells]) -> None:
        text = StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.path(table).write_text(text.getvalue(), encoding="utf-8", newline="")


@pytest.fixture
def seeds(tmp_path: Path) -> Seeds:
    """The checkout's seeds, copied."""
    shutil.copytree(PROJECT / "seeds", tmp_path / "seeds")
    return Seeds(tmp_path / "seeds")
