"""Whether what was loaded, and decides, is what the files say."""

from psycopg import sql
from psycopg.errors import DataError, UndefinedTable
from psycopg.types.json import Jsonb

from handoff.agreement.model import Agreement
from handoff.ledger.db import Connection
from handoff.qualify import loads


def note(connection: Connection, agreement: Agreement) -> str | None:
    """What to know before one takes files for what decides: where the two differ; None where they do not.

    Args:
        agreement: the checkout's, which is what `handoff agreement load` would load.
    """
    last = loads.newest(connection)
    if last is None:
        return "Nothing has been loaded yet, so nobody is handed over: `handoff agreement load`."
    tables = differing(connection, agreement)
    if not tables:
        return None
    since = f"since the last load ({last.loaded_at:%Y-%m-%d %H:%M} UTC) the files have changed in {', '.join(tables)}"
    return f"This is not what decides: {since}. They decide from `handoff agreement load` on."


def differing(connection: Connection, agreement: Agreement) -> list[str]:
    """Tables whose rows in Postgres are not those of an agreement, whatever their order."""
    return [name for name, rows in agreement.as_tables().items() if not _is_same(connection, name, rows)]


def _is_same(connection: Connection, name: str, rows: list[dict[str, str | None]]) -> bool:
    try:
        with connection.transaction():
            found = connection.execute(
                sql.SQL(_DIFFERENCE).format(table=sql.Identifier("agreement", name)), {"rows": Jsonb(rows)}
            ).fetchone()
    except (DataError, UndefinedTable):
        return False
    return found is None


_DIFFERENCE = """
with files as (select to_jsonb(line) as line from jsonb_populate_recordset(null::{table}, %(rows)s) as line),
loaded as (select to_jsonb(line) as line from {table} as line)
(select line from files except all select line from loaded)
union all
(select line from loaded except all select line from files)
limit 1
"""
