"""How well scores rank later examples, and how well the chances read from them come true. Pure functions."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from handoff.suggest.model import Flags, Floats
from handoff.suggest.ranking import Estimate, auc

TENTHS = 10


@dataclass(frozen=True)
class Tenth:
    """A tenth of the examples, by what a score says of them.

    Attributes:
        n: how many.
        expected: mean chance of a good outcome that the score was read as.
        rate: share that did end well; examples of equal score share theirs, so that their order does not matter.
        lift: this rate as a multiple of that of all.
    """

    n: int
    expected: float
    rate: float
    lift: float


@dataclass(frozen=True)
class Measured:
    """One way of scoring, held against the later examples.

    Attributes:
        auc: chance that an example which ended well scores above one that did not, a tie counting half.
        brier: mean squared difference of chance and outcome; `brier_of_rate` is that of always saying the rate of all.
        slope: 1 when chances come true; below it they are too extreme, above it too timid.
        offset: log-odds by which chances are too low on the whole.
        tenths: highest scores first.
    """

    auc: Estimate
    brier: float
    brier_of_rate: float
    slope: float
    offset: float
    tenths: tuple[Tenth, ...]


def measure(score: Floats, outcome: Flags, log_odds: Floats) -> Measured:
    """Measure a score.

    Args:
        log_odds: what the score is read as, by a reading learned from earlier examples; see `reading`.
    """
    chance = 1 / (1 + np.exp(-log_odds))
    rate = float(outcome.mean())
    slope, offset = _logistic(log_odds, outcome)
    return Measured(
        auc=auc(score, outcome),
        brier=float(np.mean((chance - outcome) ** 2)),
        brier_of_rate=rate * (1 - rate),
        slope=slope,
        offset=offset,
        tenths=tuple(_tenths(score, outcome, chance)),
    )


def reading(score: Floats, outcome: Flags) -> tuple[float, float]:
    """Slope and offset by which a score is read as the log-odds of a good outcome."""
    return _logistic(score, outcome)


def _logistic(given: Floats, outcome: Flags) -> tuple[float, float]:
    spread = float(given.std()) or 1.0
    model = LogisticRegression(C=np.inf, max_iter=1000).fit((given / spread)[:, None], outcome)
    return float(model.coef_[0, 0]) / spread, float(model.intercept_[0])


def _tenths(score: Floats, outcome: Flags, chance: Floats) -> list[Tenth]:
    _, ties = np.unique(score, return_inverse=True)
    rates = (np.bincount(ties, weights=outcome) / np.bincount(ties))[ties]
    parts = np.array_split(np.argsort(-score, kind="stable"), TENTHS)
    rest = float(outcome.mean())
    means = [(len(part), float(chance[part].mean()), float(rates[part].mean())) for part in parts if len(part)]
    return [Tenth(n, expected, rate, rate / rest) for n, expected, rate in means]
