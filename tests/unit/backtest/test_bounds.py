"""The nearly exact score is never below the exact one, and never far above it."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.backtest import bounds
from handoff.backtest.history import History

DAY = 86_400_000_000
RULES = [
    {"rule_id": "view", "cap_group": "web", "half_life_days": 7, "points": 4},
    {"rule_id": "read", "cap_group": "web", "half_life_days": 14, "points": 1},
    {"rule_id": "click", "cap_group": "mail", "half_life_days": 1, "points": 9},
    {"rule_id": "left", "cap_group": "mail", "half_life_days": 7, "points": -12},
]
CAPS = {("rule", "read"): 3.0, ("group", "web"): 10.0, ("family", "engagement"): 22.0}
ACTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, len(RULES) - 1), st.integers(0, 400 * DAY)), min_size=1, max_size=60
)


@settings(max_examples=200, deadline=None)
@given(ACTS, st.integers(0, 400 * DAY))
def test_bound_holds_at_every_act(acts: list[tuple[int, int, int]], start: int) -> None:
    acts = sorted(acts, key=lambda act: (act[0], act[2]))
    found = _moments(acts, start)
    since = [place for place, (_, _, at) in enumerate(acts) if at >= start]
    assert found.at.tolist() == [acts[place][2] for place in since]
    for place, upper in zip(since, found.engagement.tolist(), strict=True):
        done = [act for act in acts[: place + 1] if act[0] == acts[place][0]]
        exact = float(_exact(done, acts[place][2]))
        assert exact - 1e-9 <= upper <= exact + 0.01 * len(done) + 1e-9


def test_half_lives_that_outgrow_any_number_overflow_nothing() -> None:
    """Nine hundred half-lives fit a number; a year has 8,760 hours."""
    hourly = [{**RULES[0], "half_life_days": 1 / 24}]
    acts = [(0, 0, hour * DAY // 24) for hour in range(8_760)]
    with np.errstate(all="raise", under="ignore"):
        found = _moments(acts, 0, hourly)
    # Each hour halves what was there and adds four points: never more than eight.
    assert found.engagement[0] == pytest.approx(4, abs=0.01)
    rounding = bounds.ROUNDING * np.arange(1, 8_761)
    assert found.engagement[20:] - rounding[20:] == pytest.approx(np.minimum(8, 10 - rounding[20:]), abs=0.01)


def test_moment_knows_whether_something_lately_may_start_a_handoff() -> None:
    acts = [(0, 1, 0), (0, 0, 2 * DAY), (0, 1, 3 * DAY), (0, 1, 9 * DAY), (1, 1, 9 * DAY)]
    rows = [{**RULES[0], "can_trigger": True}, {**RULES[1], "can_trigger": False}]
    assert _moments(acts, 0, rows).has_trigger.tolist() == [False, True, True, False, False]


def _moments(
    acts: list[tuple[int, int, int]], start: int, rows: list[dict[str, object]] | None = None
) -> bounds.Moments:
    lead, what, at = (np.array(column, dtype=np.int64) for column in zip(*acts, strict=True))
    rows = [
        {"is_hand_raiser": False, "can_trigger": True, "what_no": number, **row}
        for number, row in enumerate(RULES if rows is None else rows)
    ]
    past = History([str(number) for number in range(4)], lead, what, at, [{"is_inbound": True} for _ in rows])
    return bounds.moments(past, bounds.rules(past, rows, CAPS), start, 2.0 * DAY)


def _exact(acts: list[tuple[int, int, int]], now: int) -> Decimal:
    """Each part rounded to a hundredth, capped by rule, group and family, and what is lost taken off: `int_scores`."""
    gained: dict[str, dict[str, Decimal]] = {}
    lost = Decimal(0)
    for _, what, at in acts:
        rule = RULES[what]
        left = Decimal(2) ** (-Decimal(now - at) / (Decimal(str(rule["half_life_days"])) * DAY))
        part = (Decimal(str(rule["points"])) * left).quantize(Decimal("0.01"), ROUND_HALF_UP)
        lost += min(part, Decimal(0))
        of_group = gained.setdefault(str(rule["cap_group"]), {})
        of_group[str(rule["rule_id"])] = of_group.get(str(rule["rule_id"]), Decimal(0)) + max(part, Decimal(0))
    total = Decimal(0)
    for group, by_rule in gained.items():
        within = sum((min(points, _cap("rule", rule)) for rule, points in by_rule.items()), Decimal(0))
        total += min(within, _cap("group", group))
    return min(total, _cap("family", "engagement")) + lost


def _cap(scope: str, key: str) -> Decimal:
    return Decimal(str(CAPS.get((scope, key), 1e9)))
