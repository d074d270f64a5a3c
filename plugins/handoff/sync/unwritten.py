"""A value of ours that HubSpot did not take: whoever builds lists on it must hear of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handoff.ledger.db import Connection
from handoff.notify.alert import alert
from handoff.notify.text import slack_text
from handoff.sync.plan import OURS


def tell(
    connection: Connection, dedupe_key: str, wanted: Mapping[str, str], result: Mapping[str, Any], at: datetime
) -> None:
    """Say in the review channel, once per effect, which of our properties do not say what was to be written."""
    ours = [name for name in result.get("rejected_silently") or () if name.startswith(OURS)]
    if not ours:
        return
    row = connection.execute("select handoff_id from handoff.outbox where dedupe_key = %s", (dedupe_key,)).fetchone()
    what = slack_text("; ".join(f"{name} = {wanted[name]}" for name in ours), 400)
    text = f"Contact {result['contact_id']} in HubSpot does not say what it should: {what} was not taken."
    alert(connection, f"unwritten:{dedupe_key}", text, at, row["handoff_id"] if row else None)
