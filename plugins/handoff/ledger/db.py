"""Connections to the ledger's database, and the locks that keep overlapping runs harmless."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.rows import dict_row

from handoff import connections

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
_INSTANT = psycopg.adapters.types["timestamptz"].oid


class _InstantLoader(Loader):
    """Reads Postgres' `infinity`, an end that never comes, as None; psycopg refuses it."""

    def __init__(self, oid: int, context: AdaptContext | None = None):
        super().__init__(oid, context)
        self._plain = psycopg.adapters.get_loader(oid, Format.TEXT)(oid, context)  # type: ignore[misc]

    def load(self, data: Buffer) -> Any:
        return None if data == b"infinity" else self._plain.load(data)


@contextmanager
def connect(conn_id: str = connections.DB) -> Iterator[Connection]:
    """A connection in autocommit: group statements with `with connection.transaction():`.

    Statements wait at most 5 s for a lock, so that a stuck reader delays a run instead of hanging it. An instant that
    is `infinity` is read as None.
    """
    with psycopg.connect(
        connections.get(conn_id).dsn,
        autocommit=True,
        row_factory=dict_row,
        application_name="handoff",
        options="-c timezone=UTC -c lock_timeout=5s",
    ) as connection:
        connection.adapters.register_loader(_INSTANT, _InstantLoader)
        yield connection


@contextmanager
def only_one(connection: Connection, concern: str, *, wait: timedelta | None = None) -> Iterator[bool]:
    """Hold the session lock of a concern, yielding whether it could be had.

    Airflow may run a task twice at once whatever its settings say; the one that gets False leaves the work to the
    other. The lock dies with the session, so a killed process never leaves it behind.

    Args:
        wait: how long to wait for the other to finish; None does not wait.
    """
    got = _take(connection, concern, wait)
    try:
        yield got
    finally:
        if got and not connection.closed:
            connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (concern,))


def _take(connection: Connection, concern: str, wait: timedelta | None) -> bool:
    if wait is None:
        row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0)) as got", (concern,)).fetchone()
        return bool(row and row["got"])
    try:
        # The limit is local to the transaction; a session lock outlives it.
        with connection.transaction():
            connection.execute(
                "select set_config('lock_timeout', %s, true)", (f"{int(wait.total_seconds() * 1000)}ms",)
            )
            connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (concern,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True
