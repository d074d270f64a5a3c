"""The score at every act, nearly: floating point and one pass instead of exact decimals and a sum per act.

It decides nothing. It finds the moments at which the models have to be asked, among millions at which they need not be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from handoff.backtest.history import History, Numbers

ROUNDING = 0.005
"""Each part of a score is rounded to two decimals: so much may one differ from its exact value."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """One definition's signals as arrays, one place a rule, and the caps that bind them; no cap is infinite.

    Attributes:
        of_what: place of the rule that each kind of act falls under; -1 for none.
    """

    of_what: Numbers
    points: Floats
    half_life: Floats
    """In microseconds."""
    group: Numbers
    is_hand_raiser: Flags
    can_trigger: Flags
    rule_cap: Floats
    group_cap: Floats
    family_cap: float


@dataclass(frozen=True)
class Moments:
    """Acts under a rule, in order of lead and time; `engagement` is at least the exact points, and less than `slack`
    above them."""

    lead: Numbers
    at: Numbers
    engagement: Floats
    slack: Floats
    is_hand_raiser: Flags
    has_trigger: Flags
    """Whether an act that may start a handoff happened then or recently enough before."""


def rules(history: History, matches: Sequence[Mapping[str, Any]], caps: Mapping[tuple[str, str], float]) -> Rules:
    """Arrays from what the models say of each kind of act.

    Args:
        matches: rows of `int_signal_matches`, one for each kind of act that falls under a rule, with its `what_no`.
        caps: most points by (scope, scope id).
    """
    ids = sorted({row["rule_id"] for row in matches})
    by_id = {row["rule_id"]: row for row in matches}
    groups = sorted({by_id[key]["cap_group"] for key in ids})
    of_what = np.full(max(len(history.whats), 1), -1, dtype=np.int64)
    for row in matches:
        of_what[row["what_no"]] = ids.index(row["rule_id"])
    every = [by_id[key] for key in ids]
    return Rules(
        of_what=of_what,
        points=np.array([float(row["points"]) for row in every]),
        half_life=np.array([float(row["half_life_days"]) * 86_400e6 for row in every]),
        group=np.array([groups.index(row["cap_group"]) for row in every], dtype=np.int64),
        is_hand_raiser=np.array([row["is_hand_raiser"] for row in every], dtype=bool),
        can_trigger=np.array([row["can_trigger"] for row in every], dtype=bool),
        rule_cap=np.array([caps.get(("rule", key), np.inf) for key in ids]),
        group_cap=np.array([caps.get(("group", key), np.inf) for key in groups]),
        family_cap=caps.get(("family", "engagement"), np.inf),
    )


def moments(history: History, rules: Rules, trigger_age: float) -> Moments:
    """Score every act that falls under a rule.

    Args:
        trigger_age: how long an act may start a handoff, in microseconds.
    """
    rule = rules.of_what[history.what]
    kept = rule >= 0
    lead, at, rule = history.lead[kept], history.at[kept], rule[kept]
    inbound = np.array([row["is_inbound"] for row in history.whats], dtype=bool)[history.what[kept]]
    engagement, slack = np.zeros(len(lead)), np.zeros(len(lead))
    triggers = rules.can_trigger[rule] & inbound
    has_trigger = np.zeros(len(lead), dtype=bool)
    _, starts, counts = np.unique(lead, return_index=True, return_counts=True)
    # Leads with most acts first, so that those still in the race at the k-th act are always the first ones.
    order = np.argsort(-counts, kind="stable")
    starts, counts = starts[order], counts[order]
    gained, lost = np.zeros((len(starts), len(rules.points))), np.zeros((len(starts), len(rules.points)))
    last, last_trigger = np.zeros(len(starts)), np.full(len(starts), -np.inf)
    in_group = np.zeros((len(rules.points), len(rules.group_cap)))
    in_group[np.arange(len(rules.points)), rules.group] = 1
    for k in range(int(counts.max(initial=0))):
        racing = int(np.searchsorted(-counts, -k, side="left"))
        place = starts[:racing] + k
        now, which = at[place].astype(np.float64), rule[place]
        left = np.exp2(-(now - last[:racing])[:, None] / rules.half_life[None, :]) if k else 1.0
        gained[:racing] *= left
        lost[:racing] *= left
        rows = np.arange(racing)
        gained[rows, which] += np.maximum(rules.points[which], 0)
        lost[rows, which] += np.minimum(rules.points[which], 0)
        last[:racing] = now
        by_group = np.minimum(gained[:racing], rules.rule_cap) @ in_group
        of_family = np.minimum(np.minimum(by_group, rules.group_cap).sum(axis=1), rules.family_cap)
        engagement[place] = of_family + lost[:racing].sum(axis=1) + ROUNDING * (k + 1)
        slack[place] = 2 * ROUNDING * (k + 1)
        last_trigger[:racing] = np.where(triggers[place], now, last_trigger[:racing])
        has_trigger[place] = now - last_trigger[:racing] <= trigger_age
    return Moments(lead, at, engagement, slack, rules.is_hand_raiser[rule] & triggers, has_trigger)
