"""The score at every act, nearly: running sums in floating point instead of exact decimals and a sum per act.

It decides nothing. It finds the moments at which the models have to be asked, among millions at which they need not be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from handoff.backtest.history import CHANGED, History, Numbers

ROUNDING = 0.005
"""Each part of a score is rounded to two decimals: so much may one differ from its exact value."""

BLOCK = 1 << 18
"""Acts worked on at a time: what fits in a processor's cache."""
OLDEST, NEWEST = 60, 900
"""Half-lives after which nothing is left of any points, and to which a floating point number can grow."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """One definition's signals as arrays, one place a rule, and the caps that bind them; no cap is infinite.

    Rules of one group and half-life decay together: unless a cap of its own binds it, a rule needs no sum of its own.
    The last place is no rule's: a change of facts falls under it, which gives no points.

    Attributes:
        of_what: place of the rule that each kind of act falls under, -1 for none; the last is of a change of facts.
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
    """Acts under a rule, and changes of facts, in order of lead and time.

    `engagement` is never below the exact points.
    """

    lead: Numbers
    at: Numbers
    engagement: Floats
    has_hand_raise: Flags
    """Whether an act that starts one whatever the score happened then or recently enough before."""
    has_trigger: Flags
    """The same of any act that may start a handoff."""


def rules(history: History, matches: Sequence[Mapping[str, Any]], caps: Mapping[tuple[str, str], float]) -> Rules:
    """Arrays from what the models say of each kind of act.

    Args:
        matches: rows of `int_signal_matches`, one for each kind of act that falls under a rule, with its `what_no`.
        caps: most points by (scope, scope id).
    """
    ids = sorted({row["rule_id"] for row in matches})
    by_id = {row["rule_id"]: row for row in matches}
    groups = sorted({by_id[key]["cap_group"] for key in ids})
    of_what = np.full(len(history.whats) + 1, -1, dtype=np.int64)
    of_what[CHANGED] = len(ids)
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
        points=np.array([*(float(row["points"]) for row in every), 0.0]),
        is_hand_raiser=np.array([*(row["is_hand_raiser"] for row in every), False], dtype=bool),
        can_trigger=np.array([*(row["can_trigger"] for row in every), False], dtype=bool),
        sum_of=np.array([*(sums.index(each) for each in own), 0], dtype=np.int64),
        half_life=np.array([float(days) * 86_400e6 for _, days, _ in sums]),
        group=np.array([groups.index(group) for group, _, _ in sums], dtype=np.int64),
        sum_cap=np.array([caps.get(("rule", key), np.inf) for _, _, key in sums]),
        group_cap=np.array([caps.get(("group", key), np.inf) for key in groups]),
        family_cap=caps.get(("family", "engagement"), np.inf),
    )


def moments(history: History, rules: Rules, start: int, trigger_age: float) -> Moments:
    """Score every act since `start` that falls under a rule, and every change of facts; what was done before decays
    into it.

    Args:
        start: microseconds since 1970.
        trigger_age: how long an act may start a handoff, in microseconds.
    """
    rule = rules.of_what[history.what]
    kept = rule >= 0
    lead, at, rule = history.lead[kept], history.at[kept], rule[kept]
    inbound = np.array([*(row["is_inbound"] for row in history.whats), False], dtype=bool)[history.what[kept]]
    _, firsts, counts = np.unique(lead, return_index=True, return_counts=True)
    engagement = np.zeros(len(lead))
    for block, width in _blocks(counts):
        steps = np.arange(width)
        is_act = steps < counts[block, None]
        place = firsts[block, None] + np.where(is_act, steps, 0)
        for begin in _spans(start, at, rules.half_life):
            near = is_act & (at[place] >= begin)
            engagement[place[near]] = _engagement(rules, rule[place], at[place] - begin, is_act)[near]
    triggers = rules.can_trigger[rule] & inbound
    has_hand_raise, has_trigger = (
        _lately(each, at, np.repeat(firsts, counts), trigger_age)
        for each in (rules.is_hand_raiser[rule] & triggers, triggers)
    )
    since = at >= start
    return Moments(lead[since], at[since], engagement[since], has_hand_raise[since], has_trigger[since])


def _lately(which: Flags, at: Numbers, first_of_lead: Numbers, age: float) -> Flags:
    """Whether one of these happened to the lead then, or no longer than `age` before."""
    last = np.maximum.accumulate(np.where(which, np.arange(len(at)), -1))
    return np.asarray((last >= first_of_lead) & (at - at[last] <= age))


def _blocks(counts: Numbers) -> Iterator[tuple[Numbers, int]]:
    """Leads in groups of about as many acts each, so that a row per lead wastes little: (their places, most acts)."""
    order = np.argsort(counts, kind="stable")
    begun = 0
    while begun < len(order):
        width = 2 * int(counts[order[begun]])
        ended = min(
            int(np.searchsorted(counts[order], width, side="right")),
            begun + max(BLOCK // width, 1),
        )
        yield order[begun:ended], int(counts[order[ended - 1]])
        begun = ended


def _spans(start: int, at: Numbers, half_life: Floats) -> range:
    """Moments to reckon from, so near that no act is more half-lives later than a number can grow."""
    return range(start, max(int(at.max(initial=start)), start) + 1, int(NEWEST * half_life.min(initial=np.inf)))


def _engagement(rules: Rules, rule: Numbers, age: Numbers, is_act: Flags) -> Floats:
    """Points at each act, a lead a row.

    A sum that decays is a plain running sum of points that grow as fast, divided by that growth.

    Args:
        rule: place of the rule of each act.
        age: microseconds from the moment that is reckoned from; what is said of acts before it is worth nothing.
    """
    points, of = np.where(is_act, rules.points[rule], 0), rules.sum_of[rule]
    in_groups = np.zeros((len(rules.group_cap), *rule.shape))
    lost = np.zeros(rule.shape)
    for each in np.unique(of):
        own = np.where(of == each, points, 0)
        # What is ever so old counts as a little younger than it is: nothing overflows, and the bound holds.
        growth = np.exp2(np.clip(age / rules.half_life[each], -OLDEST, NEWEST))
        gained = _running(np.maximum(own, 0), growth)
        in_groups[rules.group[each]] += np.minimum(gained, rules.sum_cap[each])
        if (own < 0).any():
            lost += _running(np.minimum(own, 0), growth)
    by_group = np.minimum(in_groups, rules.group_cap[:, None, None])
    return np.asarray(np.minimum(by_group.sum(axis=0), rules.family_cap) + lost)


def _running(points: Floats, growth: Floats) -> Floats:
    return np.asarray(np.cumsum(points * growth, axis=1) / growth + ROUNDING * np.cumsum(points != 0, axis=1))
