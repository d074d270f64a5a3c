"""How well a score tells outcomes apart. Pure functions; a case is a pair of a score and whether it ended well."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""
Case = tuple[float, bool]


@dataclass(frozen=True)
class Band:
    """The cases whose score lies in [low, high], with the Wilson interval of their rate."""

    low: float
    high: float
    n: int
    positive: int
    rate: float
    rate_low: float
    rate_high: float


def wilson(positive: int, n: int) -> tuple[float, float]:
    """95 % interval of a rate.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
    """
    if n == 0:
        return 0.0, 1.0
    rate, square = positive / n, Z * Z
    centre = (rate + square / (2 * n)) / (1 + square / n)
    half = Z * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def bands(cases: Sequence[Case], most: int = 10) -> list[Band]:
    """At most so many bands of about equal size, lowest first. Equal scores are never parted, so they may be fewer."""
    ordered = sorted(cases, key=lambda case: case[0])
    found: list[Band] = []
    start = 0
    while start < len(ordered):
        wanted = max(1, round((len(ordered) - start) / max(1, most - len(found))))
        end = min(len(ordered), start + wanted)
        while end < len(ordered) and ordered[end][0] == ordered[end - 1][0]:
            end += 1
        found.append(_band(ordered[start:end]))
        start = end
    return found


def _band(cases: Sequence[Case]) -> Band:
    positive = sum(outcome for _, outcome in cases)
    low, high = wilson(positive, len(cases))
    return Band(cases[0][0], cases[-1][0], len(cases), positive, positive / len(cases), low, high)


def auc(cases: Sequence[Case]) -> float | None:
    """Probability that a case that ended well scores above one that did not, a tie counting half; None without both.

    Source: Mann and Whitney (1947), Annals of Mathematical Statistics 18.
    """
    positive = sum(outcome for _, outcome in cases)
    negative = len(cases) - positive
    if not positive or not negative:
        return None
    ranks = _ranks([score for score, _ in cases])
    total = sum(rank for rank, (_, outcome) in zip(ranks, cases, strict=True) if outcome)
    return (total - positive * (positive + 1) / 2) / (positive * negative)


def rank_correlation(cases: Sequence[Case]) -> float | None:
    """Spearman's coefficient of score and outcome, with mean ranks for ties; None when either never varies."""
    scores, outcomes = _ranks([score for score, _ in cases]), _ranks([float(outcome) for _, outcome in cases])
    mean = (len(cases) + 1) / 2
    spread = math.sqrt(sum((a - mean) ** 2 for a in scores) * sum((b - mean) ** 2 for b in outcomes))
    if not spread:
        return None
    return sum((a - mean) * (b - mean) for a, b in zip(scores, outcomes, strict=True)) / spread


def _ranks(values: Sequence[float]) -> list[float]:
    """From 1, equal values sharing the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end + 1) / 2
        start = end
    return ranks
