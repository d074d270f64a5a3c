"""Handoffs as the line would have written them, for tests of what comes after."""

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection
from handoff.notify.context import (
    Activity,
    Attribution,
    Company,
    Context,
    Definition,
    Lead,
    Score,
    ScorePart,
    Tier,
    Trigger,
)
from handoff.route.assign import Candidate, choose
from handoff.route.assignments import Assignment, give
from handoff.route.run import handoff_id

NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
"""Wednesday noon in New York; lunch there is from 12:30 to 13:00, and Thursday is Thanksgiving."""


def context(lead_id: str, at: datetime, tier: str = "high", minutes: int = 240) -> Context:
    return Context(
        lead=Lead(lead_id, name=f"Lead {lead_id}", email=f"lead{lead_id}@northwind.example", country="US"),
        trigger=Trigger("page_viewed", "Visited /pricing", at - timedelta(seconds=5), f"event:{lead_id}"),
        attribution=Attribution(first_source="ORGANIC_SEARCH", latest_source="PAID_SEARCH", campaign="Autumn"),
        company=Company("Northwind", "northwind.example", "Software", 50, "US"),
        score=Score(85, 40, 45, 65, (ScorePart("Visited the pricing page", 45, "sig-page-pricing"),)),
        tier=Tier(tier, tier.capitalize(), minutes),
        definition=Definition("platform-mql", "1"),
        activities=(Activity(at - timedelta(seconds=5), "Visited /pricing"),),
    )


def write(
    connection: Connection, lead_id: str, at: datetime, cycle: int = 1, product: str = "platform", **changed: Any
) -> str:
    """A handoff that nobody has yet; returns its id."""
    key = handoff_id(lead_id, product, cycle)
    said = context(lead_id, at, **changed)
    connection.execute(
        """insert into handoff.handoffs (
            handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id, score,
            trigger_activity_id, trigger_kind, context, as_of, event_at, extracted_at, qualified_at, routed_at
        ) values (%s, %s, %s, %s, 'platform-mql', '1', %s, 85, %s, 'page_viewed', %s, %s, %s, %s, %s, %s)""",
        (
            key,
            lead_id,
            product,
            cycle,
            said.tier.id,
            said.trigger.activity_id,
            Jsonb(said.to_json()),
            at,
            said.trigger.occurred_at,
            at,
            at,
            at,
        ),
    )
    return key


def to(
    connection: Connection,
    lead_id: str,
    rep_id: str,
    at: datetime,
    cycle: int = 1,
    product: str = "platform",
    **changed: Any,
) -> Assignment:
    """A handoff that a rep has."""
    with connection.transaction():
        key = write(connection, lead_id, at, cycle, product, **changed)
        candidate = Candidate(4, "territory", "na", rep_id, 1, True, "territory ter-na")
        return give(connection, key, choose([candidate], {}, {}), context(lead_id, at, **changed), at, "handoff")


def answer(connection: Connection, given: Assignment, kind: str, at: datetime) -> None:
    """What sales did with it."""
    connection.execute(
        """insert into handoff.dispositions (handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence)
        values (%s, %s, %s, %s, %s, '{}')""",
        (given.handoff_id, given.assignment_id, kind, at, at),
    )
