"""Who would have got what: the agreement's own routing over handoffs that never were."""

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from handoff.backtest.decide import Judge
from handoff.backtest.firsts import First
from handoff.route.assign import Candidate, NobodyEligible, choose

NOBODY = "nobody"


def per_rep(judge: Judge, firsts: Sequence[First]) -> dict[str, int]:
    """Handoffs by rep, had they come in this order to empty hands; reps are present as they are on the last day."""
    day = judge.end.date().isoformat()
    spans = {
        row["pool_id"]: timedelta(days=int(row["fairness_days"]))
        for row in judge.tables["pools"]
        if str(row["valid_from"]) <= day < str(row["valid_to"])
    }
    taken: dict[tuple[str | None, str], int] = defaultdict(int)
    given: dict[str | None, deque[tuple[datetime, str]]] = defaultdict(deque)
    counts: Counter[str] = Counter()
    for first in sorted(firsts, key=lambda each: (each.at, each.lead_no)):
        for pool, moments in given.items():
            while moments and moments[0][0] <= first.at - spans.get(pool or "", timedelta(0)):
                taken[pool, moments.popleft()[1]] -= 1
        candidates = [
            Candidate(**{name: row[name] for name in Candidate.__dataclass_fields__})
            for row in first.candidates
            if row["product_id"] == first.product_id
        ]
        try:
            chosen = choose(candidates, taken).candidate
        except NobodyEligible:
            counts[NOBODY] += 1
            continue
        counts[chosen.rep_id] += 1
        taken[chosen.pool_id, chosen.rep_id] += 1
        given[chosen.pool_id].append((first.at, chosen.rep_id))
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
