"""What stands in the way of one stream stops no other: a missing scope is named once, with what it costs, a fault is
logged, and only a wrong token ends the pass."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from handoff.clients.hubspot_wire import HubSpotError, PlanLacks, Unauthorized
from handoff.extract.sources import Source, is_due
from handoff.ledger.db import Connection

log = logging.getLogger(__name__)

AGAIN_EVERY_SECONDS = 900
"""How often a source that cannot be read is tried: HubSpot counts refusals against an app."""

Lacking = Mapping[str, datetime]
"""Streams that could not be read, and when that was last tried."""


def now(connection: Connection) -> Lacking:
    """What is lacking now."""
    return {row["stream"]: row["checked_at"] for row in connection.execute("select * from handoff.lacks")}


def worth_asking(sources: Iterable[Source], lacking: Lacking, as_of: datetime) -> list[Source]:
    """The sources without those that were refused a short while ago."""
    return [
        each
        for each in sources
        if each.stream.name not in lacking or is_due(AGAIN_EVERY_SECONDS, lacking[each.stream.name], as_of)
    ]


def attempt(
    connection: Connection, each: Source, lacking: Lacking, as_of: datetime, work: Callable[[], object]
) -> bool:
    """Do what reads one source, and say whether it was done.

    Raises:
        Unauthorized: the token is wrong, so that nothing can be read.
    """
    try:
        work()
    except Unauthorized:
        raise
    except PlanLacks as refused:
        note(connection, each, refused, as_of)
        return False
    except HubSpotError as problem:
        log.warning("%s is not read by this pass: %s", each.stream.name, problem)
        return False
    if each.stream.name in lacking:
        connection.execute("delete from handoff.lacks where stream = %s", (each.stream.name,))
    return True


def note(connection: Connection, each: Source, refused: PlanLacks, as_of: datetime) -> None:
    """Remember that a source cannot be read, and say so the first time."""
    reason = f"{refused}. Without it: {each.without}. Grant the scope {each.scope}, or take a plan that has it"
    row = connection.execute(
        """insert into handoff.lacks (stream, reason, noticed_at, checked_at)
        values (%(stream)s, %(why)s, %(at)s, %(at)s)
        on conflict (stream) do update set reason = excluded.reason, checked_at = excluded.checked_at
        returning noticed_at = checked_at as is_new""",
        {"stream": each.stream.name, "why": reason, "at": as_of},
    ).fetchone()
    if row and row["is_new"]:
        log.warning("%s cannot be read: %s", each.stream.name, reason)
