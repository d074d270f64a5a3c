"""By which of its ids a contact that was merged may have been known at a moment."""

from collections.abc import Sequence
from datetime import datetime

from handoff.ledger.db import Connection


def in_order(connection: Connection, asked_for: str, ids: Sequence[str], at: datetime) -> list[str]:
    """The id asked for, then all others of the contact: first the one that was handed over last until the moment, then
    by age, as HubSpot counts ids up."""
    handed = connection.execute(
        """select lead_id, max(routed_at) as at from handoff.handoffs
        where lead_id = any(%s) and routed_at <= %s group by lead_id order by 2 desc, 1""",
        (list(ids), at),
    ).fetchall()
    by_age = sorted(ids, key=lambda each: (len(each), each))
    return list(dict.fromkeys([asked_for, *(row["lead_id"] for row in handed), *by_age]))
