"""Ranking and calibration, against what is known of them."""

from itertools import product

import numpy as np
import pytest

from handoff.suggest import ranking
from handoff.suggest.measure import measure, reading
from handoff.suggest.model import Flags, Floats


def made(n: int = 4000, seed: int = 2, spread: float = 1.5) -> tuple[Floats, Flags]:
    """Log-odds that are true, and outcomes."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-0.5, spread, n)
    return log_odds, random.random(n) < 1 / (1 + np.exp(-log_odds))


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    random = np.random.default_rng(0)
    score, outcome = random.integers(0, 6, 60).astype(float), random.random(60) < 0.4
    pairs = [(good > bad) + 0.5 * (good == bad) for good, bad in product(score[outcome], score[~outcome])]
    assert ranking.auc(score, outcome).value == pytest.approx(np.mean(pairs))


def test_the_interval_is_that_of_drawing_again() -> None:
    score, outcome = made(400)
    random = np.random.default_rng(1)
    drawn = [
        ranking.auc(score[rows], outcome[rows]).value for rows in (random.integers(0, 400, 400) for _ in range(400))
    ]
    found = ranking.auc(score, outcome)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.012)


def test_a_difference_is_surer_than_its_two_sides() -> None:
    score, outcome = made(1500)
    worse = score + np.random.default_rng(4).normal(0, 0.4, len(score))
    found = ranking.difference(score, worse, outcome)
    sides = [ranking.auc(each, outcome) for each in (score, worse)]
    assert found.value == pytest.approx(sides[0].value - sides[1].value)
    assert found.low > 0
    assert sides[0].low < sides[1].high
    assert ranking.difference(score, score, outcome) == ranking.Estimate(0.0, 0.0, 0.0)
    back = ranking.difference(worse, score, outcome)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def test_chances_that_come_true_and_chances_that_do_not() -> None:
    log_odds, outcome = made()
    true = measure(log_odds, outcome, log_odds)
    assert (true.slope, true.offset) == pytest.approx((1, 0), abs=0.1)
    assert true.brier < true.brier_of_rate
    bold = measure(log_odds, outcome, 3 * log_odds)
    assert bold.slope == pytest.approx(true.slope / 3)
    assert bold.brier > true.brier
    assert bold.auc == true.auc
    high = measure(log_odds, outcome, log_odds + 1)
    assert high.offset == pytest.approx(true.offset - true.slope, abs=0.01)


def test_a_score_is_read_as_chances() -> None:
    log_odds, outcome = made()
    slope, offset = reading(40 + 10 * log_odds, outcome)
    assert slope == pytest.approx(0.1, abs=0.01)
    assert offset == pytest.approx(-4, abs=0.4)


def test_tenths_add_up_and_fall() -> None:
    log_odds, outcome = made()
    found = measure(log_odds, outcome, log_odds)
    assert sum(each.n for each in found.tenths) == len(outcome)
    assert sum(each.n * each.rate for each in found.tenths) == pytest.approx(outcome.sum())
    assert found.tenths[0].lift == pytest.approx(found.tenths[0].rate / outcome.mean())
    rates = [each.rate for each in found.tenths]
    assert rates == sorted(rates, reverse=True)
    assert [each.expected for each in found.tenths] == pytest.approx(rates, abs=0.08)


def test_the_order_of_equal_scores_does_not_matter() -> None:
    log_odds, outcome = made(997)
    score = np.round(log_odds)
    turned = measure(score[::-1], outcome[::-1], score[::-1])
    found = measure(score, outcome, score)
    assert [each.rate for each in found.tenths] == pytest.approx([each.rate for each in turned.tenths])
    flat = measure(np.ones(997), outcome, np.zeros(997))
    assert {round(each.lift, 9) for each in flat.tenths} == {1.0}
    assert flat.auc.value == 0.5
