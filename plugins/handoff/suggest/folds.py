"""Cross-validation: what a class says of outcomes is told by other examples than those it is said of."""

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from handoff.suggest.model import Flags, Floats, Whole

FOLDS = 5
SEED = 20_260_101
DRAWN = 5.0
"""Examples by which the rate of a class is drawn towards that of all."""


def folds() -> StratifiedKFold:
    """The same parts of the same examples, each time."""
    return StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)


def encoded(codes: Whole, outcome: Flags) -> Floats:
    """Each class as the rate of good outcomes among the other examples that have it, (examples,).

    Cross-validated, so that a class which only few have does not tell their own outcomes.
    """
    found = np.empty(len(outcome))
    for others, these in folds().split(codes, outcome):
        rest = float(outcome[others].mean())
        n = np.bincount(codes[others], minlength=codes.max() + 1)
        good = np.bincount(codes[others], weights=outcome[others], minlength=codes.max() + 1)
        found[these] = ((good + DRAWN * rest) / (n + DRAWN))[codes[these]]
    return found


def auc_alone(codes: Whole, outcome: Flags) -> float:
    """How well a column of these classes alone tells outcomes apart, cross-validated; 0.5 is chance."""
    return float(roc_auc_score(outcome, encoded(codes, outcome)))
