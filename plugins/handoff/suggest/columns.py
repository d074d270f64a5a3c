"""What a column of a table is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

import numpy as np

from handoff.suggest.model import Flags, Floats, Whole
from handoff.suggest.words import Vocabulary

Kind = Literal["levels", "number", "moment", "constant", "identifier"]
MOSTLY = 0.99
"""Share of the cells that make a column what it is; the rest are slips."""
FEW = 50
TENTHS = np.arange(0.1, 1.0, 0.1)


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `cells` has "" where nothing was chosen, `numbers` nan where there is none."""

    name: str
    cells: tuple[str, ...]

    @cached_property
    def filled(self) -> Flags:
        """Whether something stands in each cell."""
        return np.array([bool(text) for text in self.cells], dtype=np.bool_)

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value stands there, blanks aside."""
        return Counter(text for text in self.cells if text)

    @cached_property
    def numbers(self) -> Floats:
        """The cells as numbers."""
        return np.array([_number(text) for text in self.cells])

    @cached_property
    def kind(self) -> Kind:
        """What it is, by what most of its cells are."""
        filled, distinct = int(self.filled.sum()), len(self.counts)
        if distinct + (filled < len(self.cells)) < 2:
            return "constant"
        values = self.numbers[np.isfinite(self.numbers)]
        is_number = len(values) >= MOSTLY * filled
        if distinct == filled >= FEW and (not is_number or bool((values == np.round(values)).all())):
            return "moment" if self._are_moments else "identifier"
        if is_number:
            return "number" if distinct > 2 else "levels"
        return "moment" if self._are_moments else "levels"

    @cached_property
    def codes(self) -> Whole:
        """The cells as classes: each value of words, tenths of the numbers; blank is a class of its own, 0."""
        if self.kind == "number":
            tenths = np.nanquantile(self.numbers, TENTHS)
            # A number that many have is a class of its own: none is something else than few.
            edges = np.unique([tenths, np.nextafter(tenths, np.inf)])
            found = np.searchsorted(edges, self.numbers, side="right") + 1
            return np.where(np.isfinite(self.numbers), found, 0).astype(np.int64)
        known = {text: place for place, text in enumerate(sorted(self.counts), 1)}
        return np.array([known.get(text, 0) for text in self.cells], dtype=np.int64)

    @property
    def _are_moments(self) -> bool:
        read = sum(count for text, count in self.counts.items() if _is_moment(text))
        return 0 < MOSTLY * self.counts.total() <= read


def columns(cells: dict[str, list[str]], vocabulary: Vocabulary) -> list[Column]:
    """The columns of a table, with one spelling for what is blank."""
    blanks = {text for texts in cells.values() for text in set(texts) if vocabulary.is_blank(text)}
    return [Column(name, tuple("" if text in blanks else text for text in texts)) for name, texts in cells.items()]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) and "_" not in text else np.nan


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    # Python reads a row of digits as a day as well.
    return not text.isdecimal()
