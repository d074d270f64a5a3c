"""The right to delete and overwrite, put on for one transaction and for nothing else.

`handoff_app` is a member of `handoff_privacy` without inheriting from it: a statement elsewhere that deletes what it
must not is refused by Postgres.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from handoff.ledger.db import Connection

ROLE = "handoff_privacy"
LOCK = "privacy:erase"
"""Landings share this lock of their transaction; an erasure has it alone."""


@contextmanager
def acting(connection: Connection) -> Iterator[None]:
    """Act as `handoff_privacy` inside the caller's transaction, which ends with the caller's own role again.

    An error leaves the transaction to be rolled back, which gives the role back as well.
    """
    connection.execute(f"set local role {ROLE}")
    yield
    connection.execute("reset role")


def alone(connection: Connection) -> None:
    """Wait for the landings that are under way, and keep others out, until the caller's transaction ends.

    Raises:
        psycopg.errors.LockNotAvailable: a landing takes longer than statements wait.
    """
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (LOCK,))
