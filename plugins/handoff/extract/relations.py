"""Associations that changed without a trace: associating two records moves the stamp of neither.

Evidence: https://github.com/airbytehq/airbyte/issues/27199. A rep who logs a call and attaches it to the lead
afterwards would seem never to have called, and a merged contact would lose what it did under its former ids.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from psycopg import sql

from handoff import clock
from handoff.clients.hubspot_wire import PlanLacks
from handoff.extract import records
from handoff.extract.fetch import Fetcher
from handoff.extract.sources import CONTACTS, ENGAGEMENTS, EVENTS, Source
from handoff.ledger import landing
from handoff.ledger.db import Connection

log = logging.getLogger(__name__)

MOST_AT_ONCE = 1000
"""Leads; the rest comes with the next pass."""


def refresh_open(fetcher: Fetcher) -> int:
    """Read again what the leads with an open handoff are associated with; returns how many leads those are."""
    leads = _open_leads(fetcher.connection)
    refresh(fetcher, leads)
    return len(leads)


def refresh_merged(found: Fetcher, source: landing.Source, as_of: datetime) -> None:
    """Bring what the contacts that `found` saw merged did before to their present ids, in a batch of its own."""
    merged = sorted(found.totals.merged)
    if not merged:
        return
    batch_id = landing.open_batch(found.connection, source, as_of)
    fetcher = Fetcher(found.connection, found.crm, batch_id)
    refresh(fetcher, merged)
    try:
        for contact_id in merged:
            fetcher.land(EVENTS.stream, fetcher.crm.events_of(contact_id, records.EARLIEST, as_of))
    except PlanLacks:
        log.info("no events to bring to %s merged contacts: the account has none", len(merged))
    landing.close_batch(found.connection, batch_id, clock.now(), {"landed": fetcher.totals.landed})


def refresh(fetcher: Fetcher, lead_ids: Sequence[str]) -> None:
    """Read the companies and engagements that leads are associated with now, and land those that say otherwise."""
    if not lead_ids:
        return
    companies = fetcher.crm.associated(CONTACTS.path, "companies", lead_ids)
    fetcher.fetch(CONTACTS, _otherwise(fetcher.connection, companies))
    for each in ENGAGEMENTS:
        found = fetcher.crm.associated(CONTACTS.path, each.path, lead_ids)
        fetcher.fetch(each, _unattached(fetcher.connection, each, found))


def _open_leads(connection: Connection) -> list[str]:
    rows = connection.execute(
        """select coalesce(alias.id, handoff.lead_id) as lead_id
        from handoff.handoffs as handoff
        left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = handoff.lead_id
        where not exists (
            select from handoff.dispositions as answer
            where answer.handoff_id = handoff.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
        )
        order by handoff.routed_at desc limit %s""",
        (MOST_AT_ONCE,),
    )
    return sorted({row["lead_id"] for row in rows})


def _otherwise(connection: Connection, companies: dict[str, list[str]]) -> list[str]:
    """Contacts whose newest version names other companies than the CRM does now."""
    rows = connection.execute(
        """select distinct on (id) id, array(
            select result ->> 'id' from jsonb_array_elements(
                coalesce(payload #> '{associations,companies,results}', '[]')
            ) as result
        ) as companies
        from raw.hubspot_contacts where id = any(%s) order by id, updated_at desc, version_id desc""",
        (list(companies),),
    )
    return [row["id"] for row in rows if set(row["companies"]) != set(companies[row["id"]])]


def _unattached(connection: Connection, each: Source, found: dict[str, list[str]]) -> list[str]:
    """Engagements that the CRM attaches to a contact and `raw` does not."""
    pairs = [(record_id, contact_id) for contact_id, ids in found.items() for record_id in ids]
    rows = connection.execute(
        sql.SQL(
            """select distinct pair.id from unnest(%s::text[], %s::text[]) as pair (id, contact_id)
            where not coalesce((
                select known.contact_ids @> array[pair.contact_id] from raw.{} as known where known.id = pair.id
                order by known.updated_at desc, known.version_id desc limit 1
            ), false)"""
        ).format(sql.Identifier(each.stream.name)),
        ([pair[0] for pair in pairs], [pair[1] for pair in pairs]),
    )
    return [row["id"] for row in rows]
