"""From coefficients to whole points on the agreement's scale."""

import numpy as np

from handoff.suggest.evidence import is_signed, suggestions, verdicts
from handoff.suggest.fit import Fitted
from handoff.suggest.limits import Limits
from handoff.suggest.model import Examples, Floats
from handoff.suggest.ranking import auc
from handoff.suggest.scoring import Caps, scores
from handoff.suggest.sheet import Reach, Sheet

FACTORS = np.geomspace(1, 100, 120)
"""Points for one unit of log-odds that are tried."""
AS_GOOD = 0.005
"""AUC on the earlier examples by which points may fall behind the best ones."""
SIGNED = 3.0
"""How much more it is to move the threshold than the spread of scores: two teams have signed it."""
SPREAD = 100.0
"""Points between the leads that score highest and lowest, the last hundredth at either end aside."""


def for_rules(examples: Examples, fitted: Fitted, caps: Caps, threshold: float, limits: Limits) -> Sheet:
    """Points for the agreement's rules, and the threshold that as many leads reach by them as do today.

    Of the factors whose points rank the earlier examples about as well as any, the one is taken that moves the least of
    what people are used to: how many reach the threshold, the threshold, and how far apart scores are.
    """
    items, (weights, outcome) = examples.items, examples.earlier
    today = np.array([item.today or 0.0 for item in items])
    most = np.array([caps.least_above(item) for item in items])
    volume = examples.weights if examples.volume is None else examples.volume
    former = scores(volume, today, items, caps)
    wanted, spread = int((former >= threshold).sum()), float(former.std() + 1)
    # As a share: no less than what chance would bring.
    slack = max(limits.volume_share, 1 / np.sqrt(max(wanted, 1)))

    def points(factor: float) -> Floats:
        learned = np.minimum(_worth(fitted, factor, today), most)
        is_changed = [each == "changed" for each in verdicts(examples, fitted, today / factor, limits)]
        return np.where(is_changed, learned, today)

    def kept(factor: float) -> tuple[float, int]:
        return _threshold(scores(volume, points(factor), items, caps), wanted, slack, threshold)

    def cost(factor: float) -> float:
        then, reached = kept(factor)
        more, wider = abs(reached - wanted) / max(wanted, 1), scores(volume, points(factor), items, caps).std() + 1
        return float(max(more - slack, 0.0) + SIGNED * abs(then / threshold - 1) + abs(np.log(wider / spread)))

    ranks = {float(each): auc(scores(weights, points(each), items, caps), outcome).value for each in FACTORS}
    factor = min((each for each, rank in ranks.items() if rank >= max(ranks.values()) - AS_GOOD), key=cost)
    told = suggestions(examples, fitted, verdicts(examples, fitted, today / factor, limits), points(factor))
    then, reached = kept(factor)
    return Sheet(told, 0.0, factor, then, Reach(len(volume), wanted, reached))


def for_conditions(examples: Examples, fitted: Fitted, threshold: float, share: float, limits: Limits) -> Sheet:
    """Points for conditions on a table's columns, so that this share of the earlier examples reaches the threshold."""
    weights, _ = examples.earlier
    low, high = np.quantile(fitted.log_odds(weights), [0.01, 0.99])
    factor, nothing = SPREAD / max(float(high - low), 1e-9), np.zeros(len(examples.items))
    told = verdicts(examples, fitted, nothing, limits)
    points = np.where([each == "changed" for each in told], _worth(fitted, factor, nothing), 0.0)
    base = float(round(threshold - float(np.quantile(weights @ points, 1 - share))))
    return Sheet(suggestions(examples, fitted, told, points), base, factor, threshold, None)


def _worth(fitted: Fitted, factor: float, today: Floats) -> Floats:
    """Whole points for what was learned; what may as well be worth nothing goes no further than from today to none."""
    worth = np.round(factor * np.nan_to_num(fitted.coefficients))
    return np.where(is_signed(fitted), worth, np.clip(worth, np.minimum(today, 0), np.maximum(today, 0)))


def _threshold(score: Floats, wanted: int, slack: float, threshold: float) -> tuple[float, int]:
    """The threshold that about so many leads reach, and how many do: the one of today, if its number is not far off."""
    reached = int((score >= threshold).sum())
    if abs(reached - wanted) <= slack * wanted:
        return threshold, reached
    tried = np.arange(1, np.ceil(score.max()) + 1)
    counts = (score >= tried[:, None]).sum(axis=1)
    best = int(np.lexsort((np.abs(tried - threshold), np.abs(counts - wanted)))[0])
    return float(tried[best]), int(counts[best])
