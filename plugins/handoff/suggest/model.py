"""What is learned from: examples, each a lead at the moment when it was decided about, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


class CannotSuggest(ValueError):
    """There is nothing to learn from, or it cannot be read; the message is one sentence that says what is needed."""


@dataclass(frozen=True)
class Item:
    """Something that may earn points: a rule of the agreement, or a condition on a column of a table.

    Attributes:
        id: the rule's id, or the condition as people read it.
        today: its points now; None where it has none.
        family, group: what caps its points besides itself; a column's conditions share its name as their family.
        direction: 1 when more can only be better, -1 when it can only be worse, 0 when it may be either.
    """

    id: str
    label: str
    today: float | None = None
    family: str = ""
    group: str = ""
    direction: int = 0


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples, the earliest first.

    Attributes:
        weights: how much each item applied, (examples, items): 1 for a fact that held or for an act of that moment,
            0.5 for an act a half-life ago, the sum over acts; 0 when it did not apply.
        outcome: whether it ended well, (examples,).
        to_learn: the first so many are learned from; the rest, which came later, are what points are judged by.
        order: what "earlier" was told by, for people.
        today: the score of each by the points of now, (examples,); None where there is none.
        left_out: how many were left out, by reason.
        volume: weights of the leads whose number over the threshold is to stay as it is; the examples' by default.
    """

    items: tuple[Item, ...]
    weights: Floats
    outcome: Flags
    to_learn: int
    order: str
    today: Floats | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    volume: Floats | None = None

    @property
    def earlier(self) -> tuple[Floats, Flags]:
        """Weights and outcomes to learn from."""
        return self.weights[: self.to_learn], self.outcome[: self.to_learn]

    @property
    def later(self) -> tuple[Floats, Flags]:
        """Weights and outcomes to judge by."""
        return self.weights[self.to_learn :], self.outcome[self.to_learn :]


def split(moments: "NDArray[np.generic]", share: float) -> int:
    """How many of the examples, in the order of their moments, to learn from; those of one moment stay together.

    Args:
        share: of the examples to judge by, the latest ones.
    """
    cut = round(len(moments) * (1 - share))
    while 0 < cut < len(moments) and moments[cut] == moments[cut - 1]:
        cut -= 1
    return cut
