"""Give out everything that is kept about one person, row by row, as the registry finds it."""

from typing import Any

from handoff.ledger.db import Connection
from handoff.privacy.person import Person, traces
from handoff.privacy.registry import PERSONAL


def export(connection: Connection, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Every row about a person, by table, as JSON values; tables without any are left out.

    What others share, such as a call with several contacts, is given out as it stands: look it over before you hand
    it on.
    """
    keys = traces(connection, person).parameters
    found = {
        table.name: [
            row["row"]
            for row in connection.execute(
                f"select to_jsonb(kept) as row from {table.name} as kept where {table.find}", keys
            )
        ]
        for table in PERSONAL
    }
    return {name: rows for name, rows in found.items() if rows}
