"""The connection with which a page reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from handoff.ledger import db

STATEMENT_SECONDS = 5


@contextmanager
def for_request() -> Iterator[db.Connection]:
    """A connection for one request. Endpoints that use it are plain functions, which FastAPI runs in threads."""
    with db.connect() as connection:
        connection.execute(f"set statement_timeout = '{STATEMENT_SECONDS}s'")
        yield connection
