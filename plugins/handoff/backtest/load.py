"""Who would have got what: the agreement's own routing over handoffs that never were."""

from collections import Counter
from collections.abc import Sequence

from handoff.backtest.firsts import First
from handoff.route.assign import NobodyEligible, choose
from handoff.route.contexts import candidate

NOBODY = "nobody"


def per_rep(firsts: Sequence[First]) -> dict[str, int]:
    """Handoffs by rep, had they come in this order to empty hands; reps are present as the judge's rows have it."""
    owed: dict[str | None, dict[str, int]] = {}
    counts: Counter[str] = Counter()
    for first in sorted(firsts, key=lambda each: (each.at, each.lead_no)):
        candidates = [candidate(row) for row in first.candidates if row["product_id"] == first.product_id]
        try:
            choice = choose(candidates, owed, {})
        except NobodyEligible:
            counts[NOBODY] += 1
            continue
        counts[choice.candidate.rep_id] += 1
        if choice.credits is not None:
            owed[choice.candidate.pool_id] = choice.credits
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
