"""Whose decision a landed version may change, and the queue of leads that wait for the line."""

import re
from datetime import datetime
from typing import Any

from psycopg import sql

from handoff import identity
from handoff.ledger.db import Connection
from handoff.ledger.streams import Stream

# Bookkeeping that says nothing about the lead; our own write-back would otherwise wake the line again and again.
_BOOKKEEPING = re.compile(
    r"^(handoff_(?!rejection_reason$).*|lastmodifieddate|hs_lastmodifieddate|hubspot_owner_assigneddate)$"
)


def concerned(connection: Connection, stream: Stream, fresh: dict[int, str]) -> tuple[set[str], set[str]]:
    """The contacts whose score the new versions may change, and those among them that only echo our own write."""
    if not fresh or stream.concerns == "nobody":
        return set(), set()
    versions = list(fresh)
    if stream.concerns == "itself":
        return _changed_contacts(connection, versions)
    if stream.concerns == "company":
        rows = connection.execute(
            """select distinct id as lead_id from raw.hubspot_contacts
            where payload -> 'properties' ->> 'associatedcompanyid' = any(%s)""",
            (list(fresh.values()),),
        ).fetchall()
        near = identity.leads_near(connection, list(fresh.values()))
        return {row["lead_id"] for row in rows} | near, set()
    if stream.concerns == "email":
        query = sql.SQL("select distinct email from raw.{} where version_id = any(%s)")
        found = connection.execute(query.format(sql.Identifier(stream.name)), (versions,)).fetchall()
        return with_addresses(connection, {row["email"] for row in found if row["email"]}), set()
    query = sql.SQL("select distinct unnest(contact_ids) as lead_id from raw.{} where version_id = any(%s)")
    rows = connection.execute(query.format(sql.Identifier(stream.name)), (versions,)).fetchall()
    return {row["lead_id"] for row in rows if row["lead_id"]}, set()


def with_addresses(connection: Connection, emails: set[str]) -> set[str]:
    """The contacts that have, or had, one of these addresses as their own or as another one; in small letters."""
    rows = connection.execute(
        """with records as (select email from unnest(%s::text[]) as said (email))
        select contact.id as lead_id from records inner join raw.hubspot_contacts as contact
            on lower(contact.payload -> 'properties' ->> 'email') = records.email
        union
        select contact.id from records inner join raw.hubspot_contacts as contact
            on string_to_array(lower(contact.payload #>> '{properties,hs_additional_emails}'), ';')
            @> array[records.email]
        where contact.payload #>> '{properties,hs_additional_emails}' <> ''""",
        (sorted(emails),),
    )
    return {row["lead_id"] for row in rows}


def _changed_contacts(connection: Connection, versions: list[int]) -> tuple[set[str], set[str]]:
    rows = connection.execute(
        """select fresh.id, fresh.payload as fresh, before.payload as before, written.properties as written
        from raw.hubspot_contacts as fresh
        left join lateral (
            select payload from raw.hubspot_contacts as earlier
            where earlier.id = fresh.id and earlier.version_id <> all(%(versions)s)
            order by earlier.updated_at desc, earlier.version_id desc limit 1
        ) as before on true
        left join lateral (
            select effect.payload -> 'properties' as properties from handoff.handoffs as handoff
            inner join handoff.outbox as effect using (handoff_id)
            where handoff.lead_id = fresh.id and effect.kind = 'hubspot_contact' and effect.attempts > 0
            order by effect.outbox_id desc limit 1
        ) as written on true
        where fresh.version_id = any(%(versions)s)""",
        {"versions": versions},
    ).fetchall()
    changed, echoes = set(), set()
    for row in rows:
        fresh, before = _business(row["fresh"]), _business(row["before"])
        if fresh == before:
            continue
        changed.add(row["id"])
        written = row["written"] or {}
        differing = [name for name in fresh.keys() | before.keys() if fresh.get(name) != before.get(name)]
        if all(name in written and fresh.get(name) == written[name] for name in differing):
            echoes.add(row["id"])
    return changed, echoes


def _business(payload: dict[str, Any] | None) -> dict[str, Any]:
    """What of a contact may change a decision; nothing for a contact that is not there."""
    if payload is None:
        return {}
    properties = {
        name: value
        for name, value in (payload.get("properties") or {}).items()
        # A property that was never set and one that is not known read the same: nothing there.
        if value not in (None, "") and not _BOOKKEEPING.match(name)
    }
    return properties | {"associations": payload.get("associations"), "archived": payload.get("archived")}


def queue(
    connection: Connection,
    batch_id: int,
    lead_ids: set[str],
    echoes: set[str],
    loaded_at: datetime,
    received_at: dict[str, datetime],
) -> None:
    """Put leads in the queue; one that is there already takes the newer moments, and wakes a run if it did before.

    Args:
        received_at: when a webhook about a lead arrived, by lead id.
    """
    if not lead_ids:
        return
    ordered = sorted(lead_ids)
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, received_at, extracted_at, wakes)
        select lead_id, %(batch)s, received_at, %(loaded)s, wakes
        from unnest(%(ids)s::text[], %(received)s::timestamptz[], %(wakes)s::boolean[])
            as concerned (lead_id, received_at, wakes)
        on conflict (lead_id) do update set batch_id = greatest(pending_leads.batch_id, excluded.batch_id),
            extracted_at = excluded.extracted_at,
            wakes = pending_leads.wakes or excluded.wakes,
            received_at = coalesce(excluded.received_at, pending_leads.received_at)""",
        {
            "batch": batch_id,
            "loaded": loaded_at,
            "ids": ordered,
            "received": [received_at.get(lead_id) for lead_id in ordered],
            "wakes": [lead_id not in echoes for lead_id in ordered],
        },
    )
