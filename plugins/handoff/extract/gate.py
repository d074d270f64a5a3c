"""Judge a landed batch: while its gate is closed, landing goes on and nothing is handed over.

What it is judged by is in `expectations/`.
"""

import json
from datetime import datetime

from psycopg.types.json import Jsonb

from handoff.extract.judge import Verdict, judge
from handoff.ledger.db import Connection, Row
from handoff.settings import settings

GATE = "hubspot_contacts"
LARGEST_SAMPLE = 5000
"""Contacts; a larger batch is judged by its newest."""
BY_HAND = "opened by hand"


def evaluate(connection: Connection, batch_id: int, as_of: datetime) -> Verdict:
    """Judge the batch's contacts and record the verdict.

    A small batch is judged together with the contacts landed before it, so that one odd record among few closes
    nothing and many small bad batches do. With too few contacts in all, nothing is judged. A batch without contacts
    leaves the gate as it was.
    """
    suite = json.loads((settings().expectations / f"{GATE}.json").read_text(encoding="utf-8"))
    minimum = int(suite["meta"]["minimum_sample"])
    rows = _sample(connection, batch_id, minimum)
    if not rows:
        return state(connection)
    if len(rows) < minimum:
        verdict = Verdict(True, f"too few contacts to judge: {len(rows)} of {minimum}")
    else:
        verdict = judge(rows, suite, as_of)
    _record(connection, batch_id, verdict, as_of)
    return verdict


def state(connection: Connection) -> Verdict:
    """The gate as the newest verdict left it; open when there is none yet."""
    row = connection.execute(
        "select is_open, reason from handoff.gates where gate = %s order by gate_id desc limit 1", (GATE,)
    ).fetchone()
    return Verdict(row["is_open"], row["reason"]) if row else Verdict(True, "no contacts judged yet")


def open_by_hand(connection: Connection, who: str, why: str, as_of: datetime) -> None:
    """Let the line go on: what has landed up to now is accepted as it is, and is never judged again."""
    newest = connection.execute("select max(batch_id) as batch_id from raw.batches").fetchone()
    batch_id = (newest and newest["batch_id"]) or 0
    _record(connection, batch_id, Verdict(True, f"{BY_HAND} by {who}: {why}"), as_of)


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
            "by_hand": BY_HAND,
            "batch": batch_id,
            "largest": LARGEST_SAMPLE,
            "minimum": minimum,
        },
    ).fetchall()


def _record(connection: Connection, batch_id: int, verdict: Verdict, as_of: datetime) -> None:
    connection.execute(
        "insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results) "
        "values (%s, %s, %s, %s, %s, %s)",
        (GATE, batch_id, as_of, verdict.is_open, verdict.reason, Jsonb(verdict.results)),
    )
