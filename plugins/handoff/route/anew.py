"""A lead that is handed over anew: nobody may be ending, or have just ended, the handoff before."""

from datetime import datetime

from handoff.ledger import aliases
from handoff.ledger.db import Connection
from handoff.notify import cards
from handoff.route.decisions import Decision
from handoff.watch.lock import lock


def lock_former(connection: Connection, decision: Decision) -> list[str]:
    """Wait for whoever is changing the lead's former handoffs for the product; returns their ids.

    Held until the caller's transaction ends, so that an answer to one of them is seen, or sees the new one.
    """
    if decision.cycle == 1:
        return []
    rows = connection.execute(
        "select handoff_id from handoff.handoffs where lead_id = any(%s) and product_id = %s order by handoff_id",
        (aliases.ids_of(connection, "contacts", decision.lead_id), decision.product_id),
    ).fetchall()
    for row in rows:
        lock(connection, row["handoff_id"])
    return [row["handoff_id"] for row in rows]


def is_rejected(connection: Connection, former: list[str], decision: Decision) -> bool:
    """Whether one of them was rejected since the act that the lead would be handed over for."""
    return bool(
        connection.execute(
            """select from handoff.dispositions
            where handoff_id = any(%s) and kind = 'rejected' and occurred_at >= %s limit 1""",
            (former, decision.context.trigger.occurred_at),
        ).rowcount
    )


def refresh(connection: Connection, former: list[str], as_of: datetime) -> None:
    """Bring the cards of those up to date that sales was in touch about and has not ended: they had a button left."""
    rows = connection.execute(
        """select handoff_id from handoff.dispositions where handoff_id = any(%s)
        and kind in ('contacted', 'rejected', 'withdrawn') group by handoff_id having bool_and(kind = 'contacted')""",
        (former,),
    ).fetchall()
    for row in rows:
        cards.refresh(connection, row["handoff_id"], as_of)
