"""Judge a landed batch: while its gate is closed, landing goes on and nothing is handed over.

What it is judged by is in `expectations/`.
"""

from datetime import UTC, datetime, timedelta

from handoff.gates import state
from handoff.gates.judge import Verdict, judge
from handoff.gates.suites import CONTACTS as GATE
from handoff.gates.suites import suite as suite_of
from handoff.ledger.db import Connection, Row

LARGEST_SAMPLE = 5000
"""Contacts; a larger batch is judged by its newest."""
EARLIEST = datetime(2006, 1, 1, tzinfo=UTC)
"""HubSpot was founded in 2006."""
CLOCK_SKEW = timedelta(hours=1)


def evaluate(connection: Connection, batch_id: int, as_of: datetime) -> Verdict:
    """Judge the batch's contacts and record the verdict; returns how the gate stands now.

    A small batch is judged together with the contacts landed before it, so that one odd record among few closes
    nothing and many small bad batches do. With too few contacts in all, nothing is judged. A batch without contacts
    leaves the gate as it was. What had landed when somebody opened the gate is accepted, and never judged again.
    """
    suite = suite_of(GATE)
    minimum = int(suite["meta"]["minimum_sample"])
    rows = _sample(connection, batch_id, minimum)
    if not rows:
        return state.state(connection, GATE)
    if len(rows) < minimum:
        verdict = Verdict(True, f"too few contacts to judge: {len(rows)} of {minimum}")
    else:
        verdict = judge(rows, suite, {"earliest": EARLIEST, "latest": as_of + CLOCK_SKEW})
    return state.settle(connection, GATE, batch_id, verdict, as_of)


def _sample(connection: Connection, batch_id: int, minimum: int) -> list[Row]:
    """Newest versions of the batch's live contacts, topped up with those landed last before it; [] without contacts.

    A record that was deleted says nothing about the others.
    """
    return connection.execute(
        """with accepted as (
            select coalesce(max(batch_id), 0) as batch_id from handoff.gates
            where gate = %(gate)s and starts_with(reason, %(by_hand)s)
        ),
        own as (
            select version_id from raw.hubspot_contacts where batch_id = %(batch)s
            and coalesce(payload ->> 'archived', 'false') <> 'true'
            order by version_id desc limit %(largest)s
        ),
        earlier as (
            select contact.version_id from raw.hubspot_contacts as contact, accepted
            where exists (select from own) and contact.version_id < (select min(version_id) from own)
            and contact.batch_id > accepted.batch_id
            and coalesce(contact.payload ->> 'archived', 'false') <> 'true'
            order by contact.version_id desc
            limit greatest(%(minimum)s * 4 - (select count(*) from own), 0)
        ),
        newest as (
            select distinct on (contact.id) contact.id, contact.updated_at, contact.version_id,
                contact.payload -> 'properties' as properties, contact.batch_id = %(batch)s as is_own
            from raw.hubspot_contacts as contact
            where contact.version_id in (select version_id from own union all select version_id from earlier)
            order by contact.id, contact.updated_at desc, contact.version_id desc
        )
        select id, nullif(properties ->> 'email', '') as email, properties ? 'lifecyclestage' as has_lifecycle_stage,
            updated_at, (
                select count(*) from jsonb_each_text(properties) as property where coalesce(property.value, '') <> ''
            ) as filled
        from newest
        order by is_own desc, version_id desc
        limit greatest(%(minimum)s, (select count(*) from own))""",
        {
            "gate": GATE,
            "by_hand": state.BY_HAND,
            "batch": batch_id,
            "largest": LARGEST_SAMPLE,
            "minimum": minimum,
        },
    ).fetchall()
