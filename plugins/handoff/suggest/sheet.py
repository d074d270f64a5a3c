"""Suggested points, each with what speaks for it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from handoff.suggest.model import Floats, Item

Verdict = Literal["changed", "unchanged", "unsure", "rare"]


@dataclass(frozen=True)
class Suggestion:
    """One item's points, and the evidence from the earlier examples.

    Attributes:
        points: suggested; those of today where nothing is, 0 where there are none.
        verdict: unsure: the interval of its coefficient includes 0 and what its points say today; rare: too few
            examples with or without it. The points of neither are changed.
        support: examples to which it applied.
        rate_with, rate_without: share that ended well of those to which it applied, and of the others; None of none.
        coefficient, low, high: log-odds that it adds, all else being equal, with the 95 % interval; None when it says
            nothing that the others do not say.
    """

    item: Item
    points: float
    verdict: Verdict
    support: int
    rate_with: float | None
    rate_without: float | None
    coefficient: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Reach:
    """How many of the leads reach the threshold: `today` as it all is, `then` by the suggested points and threshold."""

    leads: int
    today: int
    then: int


@dataclass(frozen=True, eq=False)
class Sheet:
    """All suggestions.

    Attributes:
        base: what every lead starts with.
        factor: how many points one unit of log-odds is.
        threshold: score from which on a lead qualifies by these points; another than that of today where this many
            leads would not reach that one.
        reach: None where no number of leads is to be kept.
    """

    suggestions: tuple[Suggestion, ...]
    base: float
    factor: float
    threshold: float
    reach: Reach | None

    @property
    def points(self) -> Floats:
        """Of each item, (items,)."""
        return np.array([each.points for each in self.suggestions], dtype=np.float64)
