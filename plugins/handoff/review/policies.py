"""The policy models as they stand: what each promises, and how many rows break it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from handoff.ledger.db import Connection

EXAMPLES = 3
MUST_BE_EMPTY = "Must be empty. "
"""How the description of every policy model begins, which dbt keeps as its table's comment."""

PASSING = "__dbt_(tmp|backup)$"
"""How dbt calls what it is about to put in a table's place, and what it has taken from there."""


@dataclass(frozen=True)
class Policy:
    """`means` says what one row is; `examples` holds the first few rows, each as `name: value` pairs without nulls."""

    name: str
    means: str
    broken: int
    examples: tuple[str, ...]


def read(connection: Connection) -> tuple[Policy, ...]:
    """Every policy of the last build, broken ones first; nothing before the first build.

    Args:
        connection: in no transaction that keeps its snapshot: a policy that is built meanwhile would seem to be kept.
    """
    tables = connection.execute(
        """select relname as name, substr(obj_description(oid, 'pg_class'), length(%(prefix)s) + 1) as means
        from pg_class where relnamespace = to_regnamespace('line') and relkind = 'r'
        and starts_with(obj_description(oid, 'pg_class'), %(prefix)s) and relname !~ %(passing)s""",
        {"prefix": MUST_BE_EMPTY, "passing": PASSING},
    ).fetchall()
    found = (_policy(connection, each["name"], each["means"]) for each in tables)
    return tuple(sorted(found, key=lambda each: (-each.broken, each.name)))


def checked_at(connection: Connection, policies: Sequence[Policy]) -> datetime | None:
    """The build that all of them are of, or a later one; None when one was not built within the week that is kept."""
    names = [each.name for each in policies]
    row = connection.execute(
        """select min(built_at) as at, count(*) as policies from (
            select node, max(built_at) as built_at from handoff.model_builds
            where node = any(%s) and status = 'success' group by node
        ) as each""",
        (names,),
    ).fetchone()
    return row["at"] if row and row["policies"] == len(names) else None


def _policy(connection: Connection, name: str, means: str) -> Policy:
    query = sql.SQL("select to_jsonb(found) as row, count(*) over () as broken from {} as found limit %s").format(
        sql.Identifier("line", name)
    )
    rows = connection.execute(query, (EXAMPLES,)).fetchall()
    examples = (
        ", ".join(f"{key}: {value}" for key, value in each["row"].items() if value is not None) for each in rows
    )
    return Policy(name, means, rows[0]["broken"] if rows else 0, tuple(examples))
