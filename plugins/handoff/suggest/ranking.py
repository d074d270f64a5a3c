"""The area under the ROC curve, with its interval, and by how much one score's is above another's. Pure functions."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from handoff.suggest.fit import Z
from handoff.suggest.model import Flags, Floats


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def auc(score: Floats, outcome: Flags) -> Estimate:
    """Chance that an example which ended well scores above one that did not, a tie counting half."""
    values, covariance = aucs([score], outcome)
    half, value = Z * float(np.sqrt(covariance[0, 0])), float(values[0])
    return Estimate(value, max(0.0, value - half), min(1.0, value + half))


def difference(better: Floats, than: Floats, outcome: Flags) -> Estimate:
    """By how much the AUC of one score is above that of another on the same examples."""
    values, covariance = aucs([better, than], outcome)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    half = Z * float(np.sqrt(max(variance, 0.0)))
    gain = float(values[0] - values[1])
    return Estimate(gain, gain - half, gain + half)


def aucs(scores: list[Floats], outcome: Flags) -> tuple[Floats, Floats]:
    """The AUC of each score, and their covariance.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44; computed as Sun and Xu (2014), IEEE Signal
    Processing Letters 21.
    """
    good, bad = int(outcome.sum()), int((~outcome).sum())
    above, below = [], []
    for score in scores:
        every = stats.rankdata(score)
        above.append((every[outcome] - stats.rankdata(score[outcome])) / bad)
        below.append(1 - (every[~outcome] - stats.rankdata(score[~outcome])) / good)
    values = np.array([each.mean() for each in above])
    return values, np.atleast_2d(np.cov(above)) / good + np.atleast_2d(np.cov(below)) / bad
