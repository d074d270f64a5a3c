"""Who would have got what: the agreement's own routing over handoffs that never were."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from handoff.backtest.decide import Asked, Judge, decide
from handoff.backtest.firsts import First
from handoff.ledger.db import Connection
from handoff.route.assign import Candidate, NobodyEligible, choose

NOBODY = "nobody"


def per_rep(connection: Connection, judge: Judge, firsts: Sequence[First]) -> dict[str, int]:
    """Handoffs by rep, had they come in this order to empty hands; reps are present as they are on the last day."""
    asked = [Asked(f"{place}", each.lead_no, each.at) for place, each in enumerate(firsts)]
    rows = decide(connection, judge, asked, ("int_route_candidates",))["int_route_candidates"]
    candidates: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["step_rank"], row["rep_id"])):
        values = {name: row[name] for name in Candidate.__dataclass_fields__}
        candidates[row["lead_id"], row["product_id"]].append(Candidate(**values))
    spans = {
        row["pool_id"]: timedelta(days=int(row["fairness_days"]))
        for row in judge.tables["pools"]
        if str(row["valid_from"]) <= judge.end.date().isoformat() < str(row["valid_to"])
    }
    given: dict[tuple[str | None, str], list[datetime]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for place, first in sorted(enumerate(firsts), key=lambda each: (each[1].at, each[1].lead_no)):
        taken = {
            (pool, rep): sum(at > first.at - spans.get(pool or "", timedelta(0)) for at in moments)
            for (pool, rep), moments in given.items()
        }
        try:
            chosen = choose(candidates[f"{place}", first.product_id], taken).candidate
        except NobodyEligible:
            counts[NOBODY] += 1
            continue
        counts[chosen.rep_id] += 1
        given[chosen.pool_id, chosen.rep_id].append(first.at)
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
