"""What is learned is what the outcomes were made by, and says how sure it is."""

import numpy as np
import pytest

from handoff.suggest.fit import Z, fit
from handoff.suggest.model import Flags, Floats

TRUE = np.array([1.5, 0.8, 0.3, 0.0, -0.7])
FREE = np.zeros(len(TRUE), dtype=np.int64)


def made(n: int = 6000, seed: int = 3) -> tuple[Floats, Flags]:
    random = np.random.default_rng(seed)
    weights = (random.random((n, len(TRUE))) < 0.4) * random.choice([0.5, 1.0, 2.0], (n, len(TRUE)))
    outcome = random.random(n) < 1 / (1 + np.exp(1.0 - weights @ TRUE))
    return weights, outcome


def test_the_order_and_size_of_what_made_the_outcomes() -> None:
    found = fit(*made(), FREE)
    assert list(np.argsort(-found.coefficients)) == [0, 1, 2, 3, 4]
    assert found.coefficients == pytest.approx(TRUE, abs=0.15)
    assert found.intercept == pytest.approx(-1.0, abs=0.15)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = [
        (found.low[place] < value < found.high[place])
        for seed in range(12)
        for found in [fit(*made(1500, seed), FREE)]
        for place, value in enumerate(TRUE)
    ]
    assert np.mean(held) > 0.85
    found = fit(*made(), FREE)
    assert found.low[0] > 0
    assert found.low[3] < 0 < found.high[3]


def test_the_penalty_is_part_of_how_sure_a_coefficient_is() -> None:
    random = np.random.default_rng(8)
    weights = random.normal(0, 2, (200, 5))
    found = fit(weights, random.random(200) < 0.5, FREE)
    assert found.strength <= 0.01
    errors = (found.high - found.low) / (2 * Z)
    assert (errors <= np.sqrt(found.strength) / weights.std(axis=0)).all()


def test_only_what_is_sure() -> None:
    weights, outcome = made()
    twice = np.column_stack([weights, weights[:, 0] + 1e-3 * weights[:, 1]])
    found = fit(twice, outcome, np.zeros(6, dtype=np.int64), only_sure=True)
    assert list(np.flatnonzero(np.isnan(found.coefficients))) == [3, 5]
    assert found.coefficients[0] == pytest.approx(TRUE[0], abs=0.15)
    assert list(np.flatnonzero(np.isnan(fit(twice, outcome, np.zeros(6, dtype=np.int64)).coefficients))) == [5]


def test_what_goes_against_its_direction_is_taken_out() -> None:
    found = fit(*made(), np.array([1, 1, 1, 0, 1]))
    assert list(np.flatnonzero(np.isnan(found.coefficients))) == [4]
    assert found.coefficients[0] > 0


def test_what_never_varies_says_nothing() -> None:
    weights, outcome = made()
    weights[:, 2] = 1.0
    found = fit(weights, outcome, FREE)
    assert list(np.flatnonzero(np.isnan(found.coefficients))) == [2]
    assert np.isfinite(found.log_odds(weights)).all()


def test_nothing_to_learn_from_is_the_rate_of_all() -> None:
    _, outcome = made()
    found = fit(np.ones((len(outcome), 2)), outcome, np.zeros(2, dtype=np.int64), only_sure=True)
    assert 1 / (1 + np.exp(-found.log_odds(np.ones((1, 2)))[0])) == pytest.approx(outcome.mean())


def test_the_same_examples_give_the_same() -> None:
    one, other = fit(*made(), FREE), fit(*made(), FREE)
    assert (one.coefficients == other.coefficients).all()
    assert one.strength == other.strength
