"""Leads that have qualified and wait to be routed, made by the real stations from a real CRM's records."""

from datetime import timedelta
from typing import Any

from handoff import stations
from handoff.ledger import db
from handoff.ledger.db import Connection
from sandbox.testing import RunningSandbox

RUN = "mqls"
LATER = 1_000_000
"""A batch that nobody routes yet."""


def make(sandbox: RunningSandbox, count: int) -> list[str]:
    """So many leads from companies of their own, qualified and waiting; returns their ids. No rep is ever full, and no
    number is a flood, for a person or for a rep."""
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.reps set max_open = 100000, max_per_day = 100000")
        admin.execute("update agreement.handoff_policy set flood_floor = 100000, max_cards = 100000")
    leads = [
        str(sandbox.act("demo_request", email=f"jo@company{n}.example", country="US", employees=200)["contactId"])
        for n in range(count)
    ]
    for station in (stations.extract, stations.gate, stations.enrich, stations.qualify):
        station(RUN)
    with db.connect() as connection:
        queue(connection, leads, LATER)
    return leads


def queue(connection: Connection, leads: list[str], batch: int) -> None:
    """Let a batch have these leads."""
    connection.execute("update handoff.pending_leads set batch_id = %s where lead_id = any(%s)", (batch, leads))


def pass_by(connection: Connection, minutes: int = 20) -> None:
    """Let time pass for what waits in the outbox: everything about it happened so much earlier."""
    connection.execute(
        """update handoff.outbox set first_attempt_at = first_attempt_at - %(by)s, created_at = created_at - %(by)s,
            last_attempt_at = last_attempt_at - %(by)s, not_before = not_before - %(by)s where state = 'pending'""",
        {"by": timedelta(minutes=minutes)},
    )


def rows(connection: Connection, query: str, **given: Any) -> list[dict[str, Any]]:
    return connection.execute(query, given).fetchall()
