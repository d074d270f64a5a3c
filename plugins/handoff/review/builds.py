"""How each model of the marts did, build by build: what the page "Marts" in the Airflow UI shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.ledger.db import Connection
from handoff.qualify.dbt_results import Result

KEPT = timedelta(days=7)
LETTERS = 500
"""Of what dbt said of a failure."""


@dataclass(frozen=True)
class Built:
    """A model, or a test that failed, in the last build.

    `usual_seconds` is the median of a week; rows and changed rows are None for what is no mart."""

    node: str
    folder: str
    status: str
    seconds: float
    usual_seconds: float
    message: str
    row_count: int | None
    changed: int | None


@dataclass(frozen=True)
class Build:
    """The last build, and the one that readers see, which is an earlier one when the last failed."""

    built_at: datetime
    shown_at: datetime | None
    nodes: tuple[Built, ...]


def note(connection: Connection, result: Result, at: datetime) -> None:
    """Keep how each model did, and each test that failed, for a week."""
    failed = {node.name for node in result.failed}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("delete from handoff.model_builds where built_at < %s or built_at = %s", (at - KEPT, at))
        cursor.executemany(
            """insert into handoff.model_builds (built_at, node, folder, status, seconds, message)
            values (%s, %s, %s, %s, %s, %s)""",
            [
                (at, node.name, node.folder, node.status, node.seconds, node.message[:LETTERS] * (node.name in failed))
                for node in result.nodes
                if node.kind == "model" or node.name in failed
            ],
        )


def last(connection: Connection) -> Build | None:
    """The last build, what failed first and then the slowest; None before there was one."""
    row = connection.execute("select max(built_at) as at from handoff.model_builds").fetchone()
    if row is None or row["at"] is None:
        return None
    built = connection.execute("select to_regclass('marts.mart_builds') is not null as yes").fetchone()
    is_shown = built is not None and built["yes"]
    shown = connection.execute(_SHOWN).fetchall() if is_shown else []
    marts = {each["mart"]: each for each in shown}
    nodes = [
        Built(
            **each,
            row_count=marts[each["node"]]["row_count"] if each["node"] in marts else None,
            changed=marts[each["node"]]["changed"] if each["node"] in marts else None,
        )
        for each in connection.execute(_LAST, {"at": row["at"]}).fetchall()
    ]
    return Build(row["at"], shown[0]["built_at"] if shown else None, tuple(nodes))


_SHOWN = "select mart, built_at, row_count, rows_deleted + rows_inserted as changed from marts.mart_builds"
_LAST = """
select node, folder, status, seconds::float8 as seconds, message, (
    select percentile_cont(0.5) within group (order by earlier.seconds)
    from handoff.model_builds as earlier where earlier.node = build.node
) as usual_seconds
from handoff.model_builds as build
where built_at = %(at)s
order by status not in ('error', 'fail'), status <> 'skipped', seconds desc, node
"""
