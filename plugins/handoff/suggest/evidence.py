"""What speaks for each item's points: how often it applied, how those ended, and how sure its worth is."""

import numpy as np

from handoff.suggest.fit import Fitted
from handoff.suggest.limits import Limits
from handoff.suggest.model import Examples, Flags, Floats
from handoff.suggest.sheet import Suggestion, Verdict


def verdicts(examples: Examples, fitted: Fitted, today: Floats, limits: Limits) -> list[Verdict]:
    """Whether each item's points are known better than those of today.

    They are not where the interval holds both nothing at all and what they are today: then either may be true.

    Args:
        today: what the points of today say, as log-odds, (items,).
    """
    weights, _ = examples.earlier
    support = (weights > 0).sum(axis=0)
    is_rare = (support < limits.least_support) | (len(weights) - support < limits.least_support)
    # Of what was not learned nothing is known: every comparison with nan is false.
    is_sure = is_signed(fitted) | (fitted.low > today) | (fitted.high < today)
    return ["rare" if rare else "changed" if sure else "unsure" for rare, sure in zip(is_rare, is_sure, strict=True)]


def is_signed(fitted: Fitted) -> Flags:
    """Whether it is sure that an item speaks for a good outcome, or against one, (items,)."""
    found: Flags = (fitted.low > 0) | (fitted.high < 0)
    return found


def suggestions(examples: Examples, fitted: Fitted, verdicts: list[Verdict], points: Floats) -> tuple[Suggestion, ...]:
    """Each item with its points and its evidence."""
    weights, outcome = examples.earlier
    told = np.column_stack([fitted.coefficients, fitted.low, fitted.high])
    return tuple(
        Suggestion(
            item,
            float(points[place]),
            "unchanged" if verdicts[place] == "changed" and points[place] == (item.today or 0.0) else verdicts[place],
            int((weights[:, place] > 0).sum()),
            _rate(outcome[weights[:, place] > 0]),
            _rate(outcome[weights[:, place] <= 0]),
            *(None if np.isnan(value) else float(value) for value in told[place]),
        )
        for place, item in enumerate(examples.items)
    )


def _rate(outcome: Flags) -> float | None:
    return float(outcome.mean()) if len(outcome) else None
