"""Who would have got what: the agreement's own routing over handoffs that never were."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from handoff.backtest.decide import AWAY, Judge
from handoff.backtest.firsts import First
from handoff.ledger.db import Connection
from handoff.qualify import replica
from handoff.route.assign import NobodyEligible, choose
from handoff.route.contexts import candidate

NOBODY = "nobody"


def per_rep(connection: Connection, judge: Judge, firsts: Sequence[First]) -> dict[str, int]:
    """Handoffs by rep, had they come in this order to empty hands, each to somebody who was there in that hour."""
    away = _away(connection, judge, (first.at for first in firsts))
    owed: dict[str | None, dict[str, int]] = {}
    counts: Counter[str] = Counter()
    for first in sorted(firsts, key=lambda each: (each.at, each.lead_no)):
        gone = away[_hour(first.at)]
        candidates = [
            each.but(gone[each.rep_id]) if each.rep_id in gone else each
            for each in (candidate(row) for row in first.candidates if row["product_id"] == first.product_id)
        ]
        try:
            choice = choose(candidates, owed, {})
        except NobodyEligible:
            counts[NOBODY] += 1
            continue
        counts[choice.candidate.rep_id] += 1
        if choice.credits is not None:
            owed[choice.candidate.pool_id] = choice.credits
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _away(connection: Connection, judge: Judge, moments: Iterable[datetime]) -> dict[datetime, dict[str, str]]:
    """Reps that were away, and why, by the hour of each moment: thousands of arrivals share a few hundred hours."""
    found = {}
    with replica.opened(connection, replica.Replica(judge.models, (AWAY,), judge.end, judge.tables), ()):
        for hour in sorted({_hour(at) for at in moments}):
            connection.execute("select set_config('handoff.as_of', %s, true)", (hour.isoformat(),))
            rows = connection.execute("select rep_id, because from pg_temp.int_rep_absences")
            found[hour] = {row["rep_id"]: row["because"] for row in rows}
    return found


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
