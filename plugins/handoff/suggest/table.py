"""A table of leads from a CSV file: columns, outcomes and the order in time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from handoff.suggest.model import CannotSuggest, Flags, Floats
from handoff.suggest.rows import read_rows
from handoff.suggest.words import Vocabulary, words


@dataclass(frozen=True)
class Wanted:
    """What the columns of a file are for.

    Attributes:
        good: values of the outcome that are good ones, every other then being bad; empty goes by the vocabulary.
        id: column with a number by which leads are ordered where `at` is missing; None is the only one there is.
        at: column with the moment of each lead.
        today: column with the score that each lead has by the points of now.
        keep, leave_out: columns about which a person has decided.
        facts: columns with the fact of the agreement that each is.
    """

    outcome: str
    good: tuple[str, ...] = ()
    id: str | None = None
    at: str | None = None
    today: str | None = None
    keep: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def named(self) -> list[str]:
        """Every column that is named."""
        single = [name for name in (self.outcome, self.id, self.at, self.today) if name]
        return [*single, *self.keep, *self.leave_out]


@dataclass(frozen=True, eq=False)
class Table:
    """Leads whose outcome is known, the earliest first. `moments` is what they are ordered by, as numbers."""

    columns: dict[str, list[str]]
    outcome: Flags
    moments: Floats
    order: str
    today: Floats | None
    left_out: dict[str, int]


def read(path: Path, wanted: Wanted, vocabulary: Vocabulary) -> Table:
    """Read a file.

    Raises:
        CannotSuggest: it cannot be read, or a column that is named is not there or not what it should be.
    """
    header, rows, ragged = read_rows(path)
    for name in wanted.named:
        if name not in header:
            raise CannotSuggest(f"{path.name} has no column {name!r}: it has {', '.join(header)}")
    cells = {name: [row[place].strip() for row in rows] for place, name in enumerate(header)}
    good = _outcomes(cells[wanted.outcome], wanted, vocabulary)
    moments, order = _moments(cells, wanted, len(rows))
    known = np.array([place for place, each in enumerate(good) if each is not None], dtype=np.int64)
    sequence = known[np.argsort(moments[known], kind="stable")]
    left_out = Counter({"row with another number of cells": ragged, "outcome unknown": len(rows) - len(known)})
    return Table(
        columns={name: [texts[place] for place in sequence] for name, texts in cells.items()},
        outcome=np.array([bool(good[place]) for place in sequence], dtype=np.bool_),
        moments=moments[sequence],
        order=order,
        today=_numbers(wanted.today, cells)[sequence] if wanted.today else None,
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def _outcomes(cells: Sequence[str], wanted: Wanted, vocabulary: Vocabulary) -> list[bool | None]:
    given = {words(text) for text in wanted.good}
    kinds = {
        text: None if vocabulary.is_blank(text) else words(text) in given if given else vocabulary.is_good(text)
        for text in set(cells)
    }
    if not {True, False} <= set(kinds.values()):
        values = ", ".join(sorted(kinds)[:10])
        raise CannotSuggest(f"of {wanted.outcome} nobody can tell which values are good (of {values}): name them")
    return [kinds[text] for text in cells]


def _moments(cells: dict[str, list[str]], wanted: Wanted, rows: int) -> tuple[Floats, str]:
    if wanted.at:
        return np.array([_moment(text, wanted.at) for text in cells[wanted.at]]), f"the moment in {wanted.at}"
    numbers = [wanted.id] if wanted.id else [name for name, texts in cells.items() if len(set(texts)) == rows > 1]
    rising = [name for name in numbers if all(text.isdecimal() for text in cells[name])]
    if len(rising) == 1:
        order = f"the number in {rising[0]}, because no column with a moment was named"
        return np.array([float(text) for text in cells[rising[0]]]), order
    return np.arange(rows, dtype=np.float64), "the order of the file, because no column with a moment was named"


def _moment(text: str, column: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CannotSuggest(
            f"{text!r} in {column} is no moment: write them as 2026-11-24 or 2026-11-24T09:30Z"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _numbers(column: str, cells: dict[str, list[str]]) -> Floats:
    try:
        return np.array([float(text) for text in cells[column]])
    except ValueError:
        raise CannotSuggest(f"{column} is to be the score of now, and not every cell is a number") from None
