"""Learn from outcomes: a regularised logistic regression, whose coefficients say what an item adds to the log-odds."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from handoff.suggest.folds import folds
from handoff.suggest.model import Flags, Floats, Whole

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
SOLVER = "newton-cholesky"
Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""
MOST_STEPS = 1000
ALIKE = 0.98
"""Correlation from which on two items say the same."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learned; arrays are (items,), and nan for an item that says nothing here.

    Attributes:
        intercept: log-odds of an example to which no item applies.
        coefficients: what one full application of an item adds to the log-odds of a good outcome.
        low, high: 95 % interval of each.
        strength: inverse strength of the L2 penalty, chosen by cross-validation.
    """

    intercept: float
    coefficients: Floats
    low: Floats
    high: Floats
    strength: float

    def log_odds(self, weights: Floats) -> Floats:
        """Of a good outcome, (examples,)."""
        found: Floats = self.intercept + weights @ np.nan_to_num(self.coefficients)
        return found


def fit(weights: Floats, outcome: Flags, directions: Whole, *, only_sure: bool = False) -> Fitted:
    """Learn what each item adds.

    An item that never varies says nothing, nor does one that says what another before it says. One whose coefficient
    would go against its direction is taken out, the worst first, until none does.

    Args:
        weights: (examples, items).
        directions: 1, -1 or 0 for each item; see `Item`.
        only_sure: also take out, one by one, what does not surely add anything beside the others.
    """
    # On matrices of this size several threads wait for each other longer than one works.
    with threadpool_limits(1):
        asked = _different(weights)
        strength = _strength(weights[:, asked], outcome) if len(asked) else 1.0
        intercept, coefficients, errors = _once(weights[:, asked], outcome, strength)
        while len(asked):
            # Below zero for what goes against its direction, else how many standard errors it is from nothing.
            against = coefficients * directions[asked]
            standing = np.where(against < 0, against, np.abs(coefficients) / errors if only_sure else np.inf)
            worst = int(standing.argmin())
            if standing[worst] >= Z:
                break
            asked = np.delete(asked, worst)
            intercept, coefficients, errors = _once(weights[:, asked], outcome, strength)
    every = np.full((3, weights.shape[1]), np.nan)
    every[:, asked] = coefficients, coefficients - Z * errors, coefficients + Z * errors
    return Fitted(intercept, every[0], every[1], every[2], strength)


def _different(weights: Floats) -> Whole:
    """The items that vary, each otherwise than those before it."""
    varying = np.flatnonzero(weights.std(axis=0) > 0)
    if len(varying) < 2:
        return varying
    alike = np.abs(np.corrcoef(weights[:, varying], rowvar=False)) > ALIKE
    return varying[~np.triu(alike, 1).any(axis=0)]


def _strength(weights: Floats, outcome: Flags) -> float:
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(solver=SOLVER, max_iter=MOST_STEPS)),
        {"logisticregression__C": STRENGTHS},
        scoring="neg_log_loss",
        cv=folds(),
    )
    search.fit(weights, outcome)
    return float(search.best_params_["logisticregression__C"])


def _once(weights: Floats, outcome: Flags, strength: float) -> tuple[float, Floats, Floats]:
    """Intercept, coefficients and their standard errors, from the curvature of the penalised likelihood."""
    if not weights.shape[1]:
        rate = float(outcome.mean())
        return float(np.log(rate / (1 - rate))), np.array([]), np.array([])
    scaler = StandardScaler()
    scaled = scaler.fit_transform(weights)
    model = LogisticRegression(C=strength, solver=SOLVER, max_iter=MOST_STEPS).fit(scaled, outcome)
    expected = model.predict_proba(scaled)[:, 1]
    design = np.column_stack([np.ones(len(scaled)), scaled])
    curvature = design.T @ (design * (expected * (1 - expected))[:, None])
    curvature[1:, 1:] += np.eye(scaled.shape[1]) / strength
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))[1:] / scaler.scale_
    coefficients = model.coef_[0] / scaler.scale_
    return float(model.intercept_[0] - coefficients @ scaler.mean_), coefficients, errors
