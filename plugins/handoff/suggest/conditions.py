"""What columns of a table may earn points for: their values, or being at least a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.isotonic import IsotonicRegression

from handoff.suggest.columns import TENTHS, Column
from handoff.suggest.limits import Limits
from handoff.suggest.model import Flags, Floats, Item

BLANK = "is blank"
OFTEN = 0.05
"""Share of the examples from which on the least number is a value of its own: zero visits are no few visits."""


@dataclass(frozen=True)
class Condition:
    """One condition and how it is asked of a column, whatever rows that has.

    `operator` and `value` say the same in the agreement's words; an empty operator is none that it has.
    """

    item: Item
    column: str
    holds: Callable[[Column], Flags]
    operator: str
    value: str


def learn(column: Column, outcome: Flags, limits: Limits) -> list[Condition]:
    """The conditions on a column that enough examples meet and enough do not; the commonest value earns nothing."""
    found = _steps(column, outcome, limits) if column.kind == "number" else _values(column)
    found.append(_condition(column, BLANK, lambda asked: ~asked.filled, "", ""))
    return [each for each in found if _is_frequent(each.holds(column), limits)]


def weights(conditions: Sequence[Condition], columns: Sequence[Column]) -> Floats:
    """Which conditions hold in each row of the columns, (rows, conditions)."""
    by_name = {column.name: column for column in columns}
    held = [each.holds(by_name[each.column]) for each in conditions]
    return np.column_stack(held).astype(np.float64)


def _is_frequent(held: Flags, limits: Limits) -> bool:
    return bool(limits.least_support <= held.sum() <= len(held) - limits.least_support)


def _condition(
    column: Column, says: str, holds: Callable[[Column], Flags], operator: str, value: str, direction: int = 0
) -> Condition:
    text = f"{column.name} {says}"
    return Condition(Item(text, text, family=column.name, direction=direction), column.name, holds, operator, value)


def _values(column: Column) -> list[Condition]:
    commonest = max(column.counts, key=lambda text: (column.counts[text], text))
    return [_value(column, text) for text in sorted(column.counts) if text != commonest]


def _value(column: Column, text: str) -> Condition:
    return _condition(
        column, f"= {text}", lambda asked: np.array([cell == text for cell in asked.cells]), "equals", text
    )


def _steps(column: Column, outcome: Flags, limits: Limits) -> list[Condition]:
    """Steps up which the rate of good outcomes only rises, or only falls; apart from them the least number."""
    numbers, known = column.numbers, np.isfinite(column.numbers)
    least = float(numbers[known].min())
    is_least = numbers == least
    found = []
    if is_least.sum() >= max(OFTEN * len(numbers), limits.least_support):
        found.append(_condition(column, f"= {least:g}", lambda asked: asked.numbers == least, "equals", f"{least:g}"))
        known &= ~is_least
    edges = np.unique(np.quantile(numbers[known], TENTHS)) if known.any() else np.array([])
    if len(edges) < 2:
        return found
    bins = np.searchsorted(edges, numbers[known], side="right")
    n = np.bincount(bins, minlength=len(edges) + 1)
    rates = np.bincount(bins, weights=outcome[known], minlength=len(edges) + 1) / np.maximum(n, 1)
    rises = float(stats.spearmanr(numbers[known], outcome[known]).statistic) >= 0
    fitted = IsotonicRegression(increasing=rises).fit_transform(np.arange(len(n)), rates, sample_weight=n)
    for edge, rise in zip(edges, np.diff(fitted), strict=True):
        if rise:
            found.append(_step(column, float(edge), 1 if rises else -1))
    return found


def _step(column: Column, edge: float, direction: int) -> Condition:
    return _condition(column, f"≥ {edge:g}", lambda asked: asked.numbers >= edge, "at_least", f"{edge:g}", direction)
