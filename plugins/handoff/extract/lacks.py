"""Streams that the account does not let us read: each is named once, with what it costs, until it can be read."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from handoff.clients.hubspot_wire import PlanLacks
from handoff.extract.sources import Source, is_due
from handoff.ledger.db import Connection

log = logging.getLogger(__name__)

AGAIN_EVERY_SECONDS = 900
"""How often a source that cannot be read is tried: HubSpot counts refusals against an app."""


def now(connection: Connection) -> dict[str, datetime]:
    """Streams that could not be read, and when that was last tried."""
    return {row["stream"]: row["checked_at"] for row in connection.execute("select * from handoff.lacks")}


def worth_asking(sources: Iterable[Source], lacking: Mapping[str, datetime], as_of: datetime) -> list[Source]:
    """The sources without those that were refused a short while ago."""
    return [
        each
        for each in sources
        if each.stream.name not in lacking or is_due(AGAIN_EVERY_SECONDS, lacking[each.stream.name], as_of)
    ]


def note(connection: Connection, each: Source, lacks: PlanLacks, as_of: datetime) -> None:
    """Remember that a source cannot be read, and say so the first time."""
    reason = f"{lacks}. Without it: {each.without}. Grant the scope {each.scope}, or take a plan that has it"
    row = connection.execute(
        """insert into handoff.lacks (stream, reason, noticed_at, checked_at)
        values (%(stream)s, %(why)s, %(at)s, %(at)s)
        on conflict (stream) do update set reason = excluded.reason, checked_at = excluded.checked_at
        returning noticed_at = checked_at as is_new""",
        {"stream": each.stream.name, "why": reason, "at": as_of},
    ).fetchone()
    if row and row["is_new"]:
        log.warning("%s cannot be read: %s", each.stream.name, reason)


def clear(connection: Connection, each: Source) -> None:
    """A source that was read is lacking no more."""
    connection.execute("delete from handoff.lacks where stream = %s", (each.stream.name,))
