"""One of several routers that are at work at once: `python -m tests.integration.routers SEED LEADS LIMIT MOST`.

It hands leads over in an order of its own until every one stands or nobody has room, whoever else does the same.
A rep's LIMIT is `max_open` or `max_per_day`, and MOST is how many that is.
"""

import random
import sys
from datetime import timedelta

from handoff.ledger import db
from handoff.route.assign import Candidate, NobodyEligible
from handoff.route.decisions import Decision
from handoff.route.run import hand_off
from tests.unit.route.handed import NOON, context

WEIGHTS = {"ana-costa": 1, "ben-okafor": 2, "chloe-martin": 4}


def decision(number: int, limit: str, most: int) -> Decision:
    at = NOON + timedelta(milliseconds=number)
    return Decision(
        lead_id=str(number),
        product_id="platform",
        cycle=1,
        as_of=at,
        decided_at=at,
        read_at=at,
        contact_read_at=None,
        event_at=at,
        received_at=None,
        extracted_at=at,
        qualified_at=at,
        rejected_at=None,
        owner_id=None,
        lifecycle_stage="lead",
        context=context(str(number), at),
        prefers_present=False,
        candidates=tuple(
            Candidate(4, "territory", "na", rep, weight, True, "territory ter-na", **{limit: most})
            for rep, weight in WEIGHTS.items()
        ),
    )


def main() -> None:
    limit = sys.argv[3]
    seed, leads, most = (int(sys.argv[place]) for place in (1, 2, 4))
    with db.connect() as connection:
        # As the line does: what has been handed over before is not tried again.
        standing = {int(row["lead_id"]) for row in connection.execute("select lead_id from handoff.handoffs")}
        order = [number for number in range(leads) if number not in standing]
        random.Random(seed).shuffle(order)
        for number in order:
            try:
                hand_off(connection, decision(number, limit, most), NOON + timedelta(hours=1))
            except NobodyEligible:
                return


if __name__ == "__main__":
    main()
