"""Connections to the ledger's database, and the locks that keep overlapping runs harmless."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from handoff import connections

Row = dict[str, Any]
Connection = psycopg.Connection[Row]


@contextmanager
def connect(conn_id: str = connections.DB) -> Iterator[Connection]:
    """A connection in autocommit: group statements with `with connection.transaction():`.

    Statements wait at most 5 s for a lock, so that a stuck reader delays a run instead of hanging it.
    """
    with psycopg.connect(
        connections.get(conn_id).dsn,
        autocommit=True,
        row_factory=dict_row,
        application_name="handoff",
        options="-c timezone=UTC -c lock_timeout=5s",
    ) as connection:
        yield connection


@contextmanager
def only_one(connection: Connection, concern: str) -> Iterator[bool]:
    """Hold the session lock of a concern, yielding whether it was free.

    Airflow may run a task twice at once whatever its settings say; the one that gets False leaves the work to the
    other. The lock dies with the session, so a killed process never leaves it behind.
    """
    row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0)) as got", (concern,)).fetchone()
    got = bool(row and row["got"])
    try:
        yield got
    finally:
        if got and not connection.closed:
            connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (concern,))
