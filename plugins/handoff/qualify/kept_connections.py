"""dbt's Postgres adapter with one connection for all models of an invocation."""

from collections.abc import Iterator
from contextlib import contextmanager

from dbt.adapters.postgres.connections import PostgresConnectionManager
from dbt.adapters.postgres.impl import PostgresAdapter


class KeptConnections(PostgresConnectionManager):
    """Keeps a thread's connection from model to model, as dbt's Snowflake adapter does with `reuse_connections`.

    A new session learns the catalogue again before it can plan a query: for a few leads that takes longer than the
    query. dbt itself closes what is open when an invocation ends.
    """

    def release(self) -> None:
        """Roll back what is uncommitted, as closing would, and stay connected."""
        self.rollback_if_open()  # type: ignore[no-untyped-call]


@contextmanager
def kept_connections() -> Iterator[None]:
    """Adapters that dbt makes meanwhile keep their connections."""
    before = PostgresAdapter.ConnectionManager
    PostgresAdapter.ConnectionManager = KeptConnections
    try:
        yield
    finally:
        PostgresAdapter.ConnectionManager = before
