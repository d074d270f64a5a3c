"""What the web app keeps of a verified request: inbox rows, or a row in quarantine about events of another portal."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import psycopg

from handoff import connections
from handoff.ledger import db, inbox, landing
from handoff.ledger.streams import Stream
from handoff.web.door import in_thread
from handoff.web.places import Refused

STATEMENT_MILLISECONDS = 1000
WEBHOOKS = Stream("hubspot_webhooks", "nobody")
"""Under this name the quarantine shows what came from elsewhere; it has no table of its own."""


async def store(events: Sequence[inbox.Event], received_at: datetime) -> int:
    """Store events in the inbox; returns how many were new.

    Raises:
        Refused: 503 the database could not, or not in time.
    """
    return await _done(partial(_store, events, received_at))


async def note_other_portal(portal_id: str, received_at: datetime) -> None:
    """Put one row in quarantine for each portal that sends us its events, where it is counted and shown.

    Raises:
        Refused: as `store`.
    """
    await _done(partial(_note_other_portal, portal_id, received_at))


async def our_portal_id() -> str:
    """The portal whose events are taken; "" when the connection does not say."""
    return await in_thread(_our_portal_id)


async def _done(work: Callable[[], int]) -> int:
    try:
        return await in_thread(work)
    except psycopg.Error as error:
        # The error's own words may repeat what it could not store.
        detail = f"{type(error).__name__} {error.sqlstate or ''}".rstrip()
        raise Refused(503, "not stored; send it again", detail) from None


def _store(events: Sequence[inbox.Event], received_at: datetime) -> int:
    with db.connect() as connection:
        connection.execute(f"set statement_timeout = {STATEMENT_MILLISECONDS}")
        return inbox.store(connection, events, received_at)


def _note_other_portal(portal_id: str, received_at: datetime) -> int:
    unreadable = landing.Unreadable(
        id=None,
        field="portalId",
        reason=f"signed webhooks of portal {portal_id!r} arrive; the connection 'hubspot' is of {_our_portal_id()!r}",
        remedy="correct portal_id in the connection's extra, or uninstall the app from the other portal",
        payload=json.dumps({"portalId": portal_id}),
    )
    with db.connect() as connection, connection.transaction():
        connection.execute(f"set local statement_timeout = {STATEMENT_MILLISECONDS}")
        batch_id = landing.open_batch(connection, "webhook", received_at)
        landed = landing.land(connection, batch_id, WEBHOOKS, [unreadable], loaded_at=received_at)
        landing.close_batch(connection, batch_id, received_at, {"quarantined": landed.quarantined})
    return landed.quarantined


def _our_portal_id() -> str:
    return str(connections.get(connections.HUBSPOT).extra.get("portal_id") or "")
