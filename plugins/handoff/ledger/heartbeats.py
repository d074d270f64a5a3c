"""When each station that must never stop was last at work."""

from datetime import datetime

from handoff.ledger.db import Connection

CANARY = "canary"
"""Written each minute by the DAG `handoff_canary`, the whole way through scheduler, executor and task."""
WATCH = "watch"
"""Written by the watch at the end of a run that did all of it."""


def beat(connection: Connection, name: str, as_of: datetime) -> None:
    """Note that a station was at work; an older moment than the one that is known changes nothing."""
    connection.execute(
        """insert into handoff.heartbeats (name, beat_at) values (%s, %s)
        on conflict (name) do update set beat_at = greatest(heartbeats.beat_at, excluded.beat_at)""",
        (name, as_of),
    )
