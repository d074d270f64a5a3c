"""Points keep the agreement's scale, and what is unsure keeps its points."""

from dataclasses import replace

import numpy as np
import pytest

from handoff.suggest.fit import fit
from handoff.suggest.limits import Limits, require_enough
from handoff.suggest.model import CannotSuggest, Examples, Item, split
from handoff.suggest.points import for_conditions, for_rules
from handoff.suggest.scoring import Caps, saturated, scores
from handoff.suggest.sheet import Reach, Sheet

TRUE = np.array([2.0, 1.0, 0.5, 0.0, -1.0, 1.0, 0.0])
TODAY = (10.0, 30.0, 20.0, 15.0, 5.0, 12.0, 3.0)
ITEMS = tuple(Item(f"r{place}", f"Rule {place}", each, "engagement", "g") for place, each in enumerate(TODAY))
CAPS = Caps(rule={"r5": 30.0}, group={"g": 200.0}, family={"engagement": 250.0}, total=300.0)
THRESHOLD = 40.0


def made(n: int = 5000) -> Examples:
    """Rules whose points are not what they are worth; the last but one applies to hardly anybody."""
    random = np.random.default_rng(7)
    share = np.array([0.4, 0.4, 0.4, 0.4, 0.4, 0.002, 0.4])
    weights = (random.random((n, 7)) < share).astype(np.float64)
    outcome = random.random(n) < 1 / (1 + np.exp(1.5 - weights @ TRUE))
    return Examples(ITEMS, weights, outcome, split(np.arange(n), 0.3), "number")


def suggested(examples: Examples, known: Limits, caps: Caps = CAPS) -> Sheet:
    weights, outcome = examples.earlier
    return for_rules(examples, fit(weights, outcome, np.zeros(7, dtype=np.int64)), caps, THRESHOLD, known)


def test_points_follow_what_rules_are_worth(known: Limits) -> None:
    sheet = suggested(made(), known)
    points = sheet.points
    assert points[0] > points[1] > points[2] > 0 > points[4]
    assert points[0] / points[1] == pytest.approx(2, abs=0.5)
    assert all(each == round(each) for each in points)


def test_what_is_unsure_or_rare_keeps_its_points(known: Limits) -> None:
    sheet = suggested(made(), known)
    unsure, rare = sheet.suggestions[6], sheet.suggestions[5]
    assert (unsure.verdict, unsure.points) == ("unsure", TODAY[6])
    assert unsure.low is not None
    assert unsure.high is not None
    assert unsure.low < 0 < TODAY[6] / sheet.factor < unsure.high
    assert (rare.verdict, rare.points) == ("rare", TODAY[5])
    assert {sheet.suggestions[place].verdict for place in range(5)} <= {"changed", "unchanged"}


def test_what_is_surely_worth_less_than_today_but_perhaps_nothing_goes_down_to_none(known: Limits) -> None:
    nothing = suggested(made(), known).suggestions[3]
    assert nothing.low is not None
    assert nothing.high is not None
    assert nothing.low < 0 < nothing.high
    assert 0 <= nothing.points <= 2 < TODAY[3]


def test_as_many_leads_reach_the_threshold_as_today(known: Limits) -> None:
    examples = made()
    before = scores(examples.weights, np.array(TODAY), ITEMS, CAPS) >= THRESHOLD
    sheet = suggested(examples, known)
    after = scores(examples.weights, sheet.points, ITEMS, CAPS) >= sheet.threshold
    assert sheet.reach == Reach(len(before), before.sum(), after.sum())
    assert after.sum() == pytest.approx(before.sum(), rel=0.1)
    assert (before != after).any()


def test_the_threshold_moves_only_where_its_number_would(known: Limits) -> None:
    examples = made()
    assert suggested(examples, known).threshold == THRESHOLD
    low = replace(CAPS, family={"engagement": 45.0})
    moved = suggested(replace(examples, volume=examples.weights[:50] * 0 + [1, 1, 1, 1, 1, 0, 1]), known, low)
    assert moved.threshold != THRESHOLD
    assert moved.reach == Reach(50, 50, 50)


def test_other_leads_may_be_the_ones_that_are_counted(known: Limits) -> None:
    examples = made()
    few = np.zeros((100, 7))
    few[:30, :3] = 1
    sheet = suggested(replace(examples, volume=few), known)
    assert sheet.reach == Reach(100, 30, 30)


def test_no_points_above_a_cap(known: Limits) -> None:
    low = replace(CAPS, rule={"r0": 11.0}, group={"g": 90.0})
    assert suggested(made(), known, low).points[0] <= 11


def test_evidence_is_that_of_the_earlier_examples(known: Limits) -> None:
    examples = made()
    weights, outcome = examples.earlier
    each = suggested(examples, known).suggestions[0]
    applied = weights[:, 0] > 0
    assert each.support == applied.sum()
    assert each.rate_with == pytest.approx(outcome[applied].mean())
    assert each.rate_without == pytest.approx(outcome[~applied].mean())


def test_points_of_conditions_reach_the_threshold_with_the_share_asked_for(known: Limits) -> None:
    examples = made()
    weights, outcome = examples.earlier
    fitted = fit(weights, outcome, np.zeros(7, dtype=np.int64), only_sure=True)
    sheet = for_conditions(examples, fitted, 65, 0.2, known)
    reached = weights @ sheet.points + sheet.base >= 65
    assert 0.15 <= reached.mean() <= 0.35
    assert sheet.points[3] == sheet.points[5] == 0


def test_examples_of_one_moment_stay_together() -> None:
    assert split(np.array([1, 2, 3, 3, 3, 3, 3, 3, 9, 9]), 0.5) == 2
    assert split(np.arange(10), 0.3) == 7
    assert split(np.ones(10), 0.3) == 0


def test_too_few_outcomes_are_refused(known: Limits) -> None:
    outcome = np.zeros(1000, dtype=np.bool_)
    outcome[:49] = True
    outcome[-40:] = True
    with pytest.raises(CannotSuggest, match=r"to learn from: 49 ended well and 651 did not, and it takes 50 of each"):
        require_enough(outcome, 700, known)
    outcome[50] = True
    require_enough(outcome, 700, known)
    with pytest.raises(CannotSuggest, match=r"to judge by: 0 ended well"):
        require_enough(outcome[:900], 700, known)


def test_caps_hold_as_in_the_models() -> None:
    items = (
        *(Item("a", "", 10, "fit", "x"), Item("b", "", 10, "fit", "x"), Item("c", "", 10, "fit", "y")),
        *(Item("d", "", 10, "engagement", "z"), Item("e", "", -5, "fit", "y")),
    )
    caps = Caps(rule={"a": 15}, group={"x": 20}, family={"fit": 25}, total=40)
    rows = np.array(
        [[3, 0, 0, 0, 0], [3, 1, 0, 0, 0], [3, 1, 1, 0, 0], [3, 1, 1, 0, 1], [3, 1, 1, 4, 1], [0, 0, 0, 0, 2.0]]
    )
    points = np.array([10, 10, 10, 10, -5.0])
    assert scores(rows, points, items, caps).tolist() == [15, 20, 25, 20, 35, -10]
    assert scores(rows, points, items, Caps()).tolist() == [30, 40, 50, 45, 85, -10]
    assert saturated(rows, items, caps)[0, 0] == 1.5
    assert saturated(rows, items, caps)[4, 3] == 4
