"""Give out everything that is kept about one person, row by row: what the registry finds, and what models hold."""

from typing import Any

from psycopg import sql

from handoff.ledger.db import Connection
from handoff.privacy.person import Person, traces
from handoff.privacy.registry import PERSONAL

MODELS = ("line", "marts")
"""Schemas of what is derived and kept as tables; views hold what the tables below them do."""


def export(connection: Connection, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Every row about a person, by table, as JSON values; tables without any are left out.

    What others share, such as a call with several contacts, is given out as it stands: look it over before you hand
    it on. Rows of models are those of the last run of the line, and of the marts' last build.
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
    found |= _derived(connection, keys)
    return {name: rows for name, rows in found.items() if rows}


def _derived(connection: Connection, keys: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What models say of a lead or of its handoffs, whichever key they have."""
    models = connection.execute(
        """select relation.relnamespace::regnamespace::text as schema, relation.relname as name,
            array_agg(key.attname::text) as keys
        from pg_class as relation
        inner join pg_attribute as key on key.attrelid = relation.oid and key.attname in ('lead_id', 'handoff_id')
        where relation.relkind = 'r' and relation.relnamespace in (
            select oid from pg_namespace where nspname = any(%s)
        )
        group by 1, 2 order by 1, 2""",
        (list(MODELS),),
    ).fetchall()
    wanted = {"lead_id": sql.SQL("lead_id = any(%(ids)s)"), "handoff_id": sql.SQL("handoff_id = any(%(handoffs)s)")}
    found = {}
    for model in models:
        query = sql.SQL("select to_jsonb(kept) as row from {} as kept where {}").format(
            sql.Identifier(model["schema"], model["name"]), sql.SQL(" or ").join(wanted[key] for key in model["keys"])
        )
        found[f"{model['schema']}.{model['name']}"] = [row["row"] for row in connection.execute(query, keys)]
    return found
