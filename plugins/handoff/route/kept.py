"""Whether what was known when a handoff was made is still kept: people are erased, and what is old is let go of."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from handoff.ledger.db import Connection, Row
from handoff.qualify.models import ModelSet

_RAW = re.compile(r'"raw"\."([a-z0-9_]+)"')
_BY_ITS_OWN_AGE = {"hubspot_events", "hubspot_form_submissions"}
"""Deleted so long after they happened. Of other records a version goes so long after another had replaced it."""


def lost(handoff: Row) -> str | None:
    """Why the handoff no longer says what was decided: its person was erased, or it is old; None when it does."""
    if handoff["trigger_activity_id"] == "erased":
        return "was of somebody who has been erased since: what was known of them is gone for good"
    if "record_url" not in handoff["context"]:
        return "is older than kept: what was known of its lead has been blanked (retention.csv, handoffs)"
    return None


def too_old(
    connection: Connection, handoff: Row, models: ModelSet, wanted: tuple[str, ...], now: datetime
) -> str | None:
    """Which records of then the agreement's `retention.csv` may have let go of; None when all must still be there.

    Args:
        models: those that decide.
        wanted: names of those of them that are asked.
    """
    acts = [datetime.fromisoformat(each["occurred_at"]) for each in handoff["context"]["activities"]]
    gone = [
        text
        for subject, text, since in _let_go_of(connection, models, wanted, now)
        if min([handoff["as_of"], *(acts if subject in _BY_ITS_OWN_AGE else ())]) < since
    ]
    if not gone:
        return None
    return f"is older than kept, so what was known then may be gone: replaced or old {', '.join(gone)} (retention.csv)"


def perhaps_gone(
    connection: Connection, models: ModelSet, wanted: tuple[str, ...], at: datetime, now: datetime
) -> str | None:
    """A sentence on which records of a moment may be gone, so that less is told than was known; None when none is.

    Args:
        models, wanted: as in `too_old`.
    """
    gone = [text for _, text, since in _let_go_of(connection, models, wanted, now) if at < since]
    if not gone:
        return None
    return f"Some of what was known then may be gone, and is not counted here: {', '.join(gone)} (retention.csv)."


def _let_go_of(
    connection: Connection, models: ModelSet, wanted: tuple[str, ...], now: datetime
) -> Iterator[tuple[str, str, datetime]]:
    """What the models read and `retention.csv` lets go of: its name, how long it is kept, and since when it all is."""
    read = {name for model in models.needed_for(wanted) for name in _RAW.findall(model.sql)}
    rows = connection.execute(
        """select subject, keep_days from agreement.retention
        where subject = any(%(read)s) and valid_from <= %(now)s and %(now)s < valid_to order by keep_days, subject""",
        {"read": sorted(read), "now": now},
    )
    for row in rows.fetchall():
        days = row["keep_days"]
        yield row["subject"], f"{row['subject']} for {days} days", now - timedelta(days=days)
