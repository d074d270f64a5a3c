"""The budgets' store in the ledger: what one process takes, no other does.

A place takes two round trips, less than a millisecond: the row is locked and read with the database's time, and written
with the commit. Callers queue for the row, so nobody is turned away because somebody else was asking.
"""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from handoff import connections
from handoff.clients.stores import Api, LocalStore, Store, milliseconds, moment
from handoff.clients.window import Limit, Window

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = dict[str, Any]
Work = Callable[[Row], tuple[Row | None, T]]
"""What to do with the row that was read: its new values, None for no change, and what to return."""
# The time is asked for outside of the CTE, that is with the lock in hand: a request waits for its place by it.
_ROW = """
with held as materialized (
    select * from handoff.budgets where api = %(api)s and policy = %(policy)s for update
)
select apis.*, held.line, held.background, held.limits, held.line_waits_until, held.blocked_until,
    (extract(epoch from clock_timestamp()) * 1000)::bigint as now
from held inner join handoff.apis on apis.api = held.api
"""
_API = """
with held as materialized (select * from handoff.apis where api = %(api)s for update)
select held.*, (extract(epoch from clock_timestamp()) * 1000)::bigint as now from held
"""
_KEEP_ROW = """
update handoff.budgets set line = %(line)s, background = %(background)s, limits = %(limits)s,
    line_waits_until = %(line_waits_until)s, blocked_until = %(blocked_until)s
where api = %(api)s and policy = %(policy)s
"""
_KEEP_API = """
update handoff.apis set breaker = %(breaker)s, failures = %(failures)s, opened_at = %(opened_at)s,
    tried_at = %(tried_at)s, reason = %(reason)s, day_limit = %(day_limit)s, day_left = %(day_left)s,
    low_until = %(low_until)s, spent_until = %(spent_until)s, time_zone = %(time_zone)s
where api = %(api)s
"""


class LedgerStore:
    """In Postgres, over one connection for all threads of this process: a place takes less time than a connection.

    Its methods raise `psycopg.Error` when the ledger cannot be reached, as everything that needs the ledger does.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = None

    def turn(self, api: str, policy: str, decide: Callable[[Window, Api, int], tuple[Window, T]]) -> T:
        """See `Store`."""

        def work(row: Row) -> tuple[Row | None, T]:
            before = _window(row)
            after, said = decide(before, _api(row), row["now"])
            return (None if after == before else _window_values(after)), said

        return self._locked(_ROW, _KEEP_ROW, {"api": api, "policy": policy}, work)

    def change(self, api: str, to: Callable[[Api, int], Api]) -> tuple[Api, Api]:
        """See `Store`."""

        def work(row: Row) -> tuple[Row | None, tuple[Api, Api]]:
            before = _api(row)
            after = to(before, row["now"])
            return (None if after == before else _api_values(after)), (before, after)

        return self._locked(_API, _KEEP_API, {"api": api}, work)

    def _locked(self, read: str, keep: str, key: dict[str, str], work: Work[T]) -> T:
        with self._lock:
            was_open = self._connection is not None
            try:
                return self._once(read, keep, key, work)
            except psycopg.OperationalError:
                # A connection that was good a while ago may have died with a restarted server.
                if not was_open or (self._connection and not self._connection.closed):
                    raise
                return self._once(read, keep, key, work)

    def _once(self, read: str, keep: str, key: dict[str, str], work: Work[T]) -> T:
        connection = self._open()
        with connection.pipeline(), connection.transaction():
            row = connection.execute(read, key, binary=True).fetchone()
            if row is not None:
                values, said = work(row)
                if values is not None:
                    connection.execute(keep, {**key, **values})
                return said
            connection.execute("insert into handoff.apis (api) values (%(api)s) on conflict do nothing", key)
            if "policy" in key:
                connection.execute(
                    "insert into handoff.budgets (api, policy) values (%(api)s, %(policy)s) on conflict do nothing", key
                )
        return self._once(read, keep, key, work)

    def _open(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.closed:
            # What is lost in a crash of the server, the last half second of passages, is not worth a wait for the
            # disk before each request; and a process that is stopped with a row in its hands must not stop the rest.
            self._connection = psycopg.connect(
                self._dsn,
                autocommit=True,
                row_factory=dict_row,
                connect_timeout=5,
                application_name="handoff budgets",
                options="-c timezone=UTC -c lock_timeout=5s -c synchronous_commit=off "
                "-c idle_in_transaction_session_timeout=2s",
            )
        return self._connection


@cache
def _shared(dsn: str) -> LedgerStore:
    return LedgerStore(dsn)


# A connection must not be used on both sides of a fork.
os.register_at_fork(after_in_child=_shared.cache_clear)


def ledger() -> Store:
    """The store that every client of this process shares; connects at first use.

    Where no ledger is configured there is no pipeline either, but a person with a hook: it keeps limits by itself.
    """
    try:
        return _shared(connections.get(connections.DB).dsn)
    except connections.MissingConnection:
        log.warning("no ledger is configured: this hook keeps the vendor's limits by itself")
        return LocalStore()


def _window(row: Row) -> Window:
    return Window(
        line=tuple(row["line"]),
        background=tuple(row["background"]),
        line_waits_until=milliseconds(row["line_waits_until"]),
        blocked_until=milliseconds(row["blocked_until"]),
        limits=tuple(Limit(*each) for each in row["limits"]),
    )


def _window_values(window: Window) -> Row:
    return {
        "line": list(window.line),
        "background": list(window.background),
        "limits": Jsonb(window.limits),
        "line_waits_until": moment(window.line_waits_until),
        "blocked_until": moment(window.blocked_until),
    }


_MOMENTS = ("opened_at", "tried_at", "low_until", "spent_until")


def _api(row: Row) -> Api:
    values = {name: row[name] for name in Api.__dataclass_fields__}
    return Api(**values | {name: milliseconds(row[name]) for name in _MOMENTS})


def _api_values(api: Api) -> Row:
    return asdict(api) | {name: moment(getattr(api, name)) for name in _MOMENTS}
