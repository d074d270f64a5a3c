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

    Rules of one group and half-life decay together: unless a cap of its own binds it, a rule needs no sum of its own.

    Attributes:
        of_what: place of the rule that each kind of act falls under; -1 for none.
        sum_of: place of the sum that a rule's points go to; `half_life` (in microseconds), `group` and `sum_cap` are
            of sums.
    """

    of_what: Numbers
    points: Floats
    is_hand_raiser: Flags
    can_trigger: Flags
    sum_of: Numbers
    half_life: Floats
    group: Numbers
    sum_cap: Floats
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
    own = [
        (row["cap_group"], row["half_life_days"], key if ("rule", key) in caps else "")
        for key, row in zip(ids, every, strict=True)
    ]
    sums = sorted(set(own))
    return Rules(
        of_what=of_what,
        points=np.array([float(row["points"]) for row in every]),
        is_hand_raiser=np.array([row["is_hand_raiser"] for row in every], dtype=bool),
        can_trigger=np.array([row["can_trigger"] for row in every], dtype=bool),
        sum_of=np.array([sums.index(each) for each in own], dtype=np.int64),
        half_life=np.array([float(days) * 86_400e6 for _, days, _ in sums]),
        group=np.array([groups.index(group) for group, _, _ in sums], dtype=np.int64),
        sum_cap=np.array([caps.get(("rule", key), np.inf) for _, _, key in sums]),
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
    gained, lost = (np.zeros((len(starts), len(rules.half_life))) for _ in range(2))
    has_penalties = bool((rules.points < 0).any())
    last, last_trigger = np.zeros(len(starts)), np.full(len(starts), -np.inf)
    in_group = np.zeros((len(rules.half_life), len(rules.group_cap)))
    in_group[np.arange(len(rules.half_life)), rules.group] = 1
    for k in range(int(counts.max(initial=0))):
        racing = int(np.searchsorted(-counts, -k, side="left"))
        place = starts[:racing] + k
        now, which = at[place].astype(np.float64), rule[place]
        left = np.exp2(-(now - last[:racing])[:, None] / rules.half_life[None, :]) if k else 1.0
        gained[:racing] *= left
        rows = np.arange(racing)
        gained[rows, rules.sum_of[which]] += np.maximum(rules.points[which], 0)
        if has_penalties:
            lost[:racing] *= left
            lost[rows, rules.sum_of[which]] += np.minimum(rules.points[which], 0)
        last[:racing] = now
        by_group = np.minimum(gained[:racing], rules.sum_cap) @ in_group
        of_family = np.minimum(np.minimum(by_group, rules.group_cap).sum(axis=1), rules.family_cap)
        engagement[place] = of_family + lost[:racing].sum(axis=1) + ROUNDING * (k + 1)
        slack[place] = 2 * ROUNDING * (k + 1)
        last_trigger[:racing] = np.where(triggers[place], now, last_trigger[:racing])
        has_trigger[place] = now - last_trigger[:racing] <= trigger_age
    return Moments(lead, at, engagement, slack, rules.is_hand_raiser[rule] & triggers, has_trigger)
