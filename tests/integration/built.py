"""The marts for a test that looks at them: built and shown as `build_marts` does it, without the data tests."""

from datetime import datetime

from handoff import connections
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import dbt
from handoff.review import publish
from handoff.review.run import MARTS


def build(connection: Connection, as_of: datetime, *, is_first: bool = True) -> None:
    """`is_first`: there are no marts yet, which is faster, as dbt need not look for them."""
    result = dbt.invoke(connection, ["run"], selector=MARTS, as_of=as_of, as_loaded=is_first)
    assert result is not None
    with db.connect(connections.DBT) as owner:
        publish.publish(owner, [each for each in result.models if each.schema == publish.BUILD], as_of)
