"""When each station that must never stop was last at work."""

from datetime import datetime, timedelta

from handoff.ledger.db import Connection

CANARY = "canary"
"""Written each minute by the DAG `handoff_canary`, the whole way through scheduler, executor and task."""
WATCH = "watch"
"""Written by the watch at the end of a run that did all of it."""
WORKER = "worker"
"""Written by the canary: by how much the clock of a machine that runs tasks is off."""
LATELY = timedelta(minutes=15)
"""How long the largest error of a clock is remembered: of several workers, each sings now and then."""


def beat(connection: Connection, name: str, as_of: datetime) -> None:
    """Note that a station was at work; an older moment than the one that is known changes nothing."""
    connection.execute(
        """insert into handoff.heartbeats (name, beat_at) values (%s, %s)
        on conflict (name) do update set beat_at = greatest(heartbeats.beat_at, excluded.beat_at)""",
        (name, as_of),
    )


def note_skew(connection: Connection, seconds: float, as_of: datetime) -> None:
    """Note how far ahead of Postgres a worker's clock is; a smaller error than one of `LATELY` changes nothing.

    Args:
        as_of: by Postgres' clock.
    """
    connection.execute(
        """insert into handoff.heartbeats (name, beat_at, clock_skew_s) values (%(name)s, %(at)s, %(skew)s)
        on conflict (name) do update set beat_at = excluded.beat_at, clock_skew_s = excluded.clock_skew_s
        where abs(excluded.clock_skew_s) >= abs(heartbeats.clock_skew_s) or heartbeats.beat_at < %(since)s""",
        {"name": WORKER, "at": as_of, "skew": seconds, "since": as_of - LATELY},
    )
