"""Bring a finished build of the marts to its readers: all of it in one transaction, and only what has changed.

dbt builds in `marts_build`, where nobody reads. Here rows are deleted and inserted, tables are never replaced: a reader
never waits for this and never makes it wait, a long transaction sees one build to its end, and a process that is killed
leaves what there was. Only a new shape of a mart takes a lock, for which it waits at most five seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from handoff import crash
from handoff.ledger.db import Connection
from handoff.qualify.dbt import Model

BUILD, MARTS = "marts_build", "marts"


@dataclass(frozen=True)
class Changed:
    """What became of one mart: rows deleted and inserted, and how many it has now."""

    deleted: int
    inserted: int
    rows: int


def publish(connection: Connection, marts: Sequence[Model], at: datetime) -> dict[str, Changed]:
    """Make the schema `marts` what `marts_build` is.

    Args:
        connection: as the role that owns both schemas.
        marts: all marts of this build. Any other table or view in `marts` is dropped.
        at: when the build was made.

    Raises:
        LookupError: the build has no marts.
        psycopg.errors.LockNotAvailable: somebody reads a mart whose shape is to change; the next build tries again.
    """
    if not marts:
        raise LookupError("the build has no marts: look for what was skipped in its log")
    crash.point("review.marts.built")
    with connection.transaction():
        connection.execute(_BUILDS)
        views = _views(connection, BUILD, [mart.name for mart in marts])
        tables = {mart.name: _columns(connection, BUILD, mart.name) for mart in marts if mart.name not in views}
        new = _shape(connection, tables, views)
        _grant(connection, {NOTES: True} | {mart.name: not mart.is_personal for mart in marts})
        changed = {}
        # Of all other leads these have the build's rows already.
        by_lead = set() if _all_have_moved(connection) else {mart.name for mart in marts if mart.is_by_lead} - new
        for name, columns in tables.items():
            changed[name] = _fill(connection, name, columns, MOVED if name in by_lead else ALL)
            crash.point("review.marts.filled")
        changed |= {name: Changed(0, 0, _count(connection, name)) for name in views}
        _note(connection, changed, {mart.name: mart.seconds for mart in marts}, at)
        return changed


_BUILDS = """
create table if not exists marts.mart_builds (
    mart text primary key, build_id bigint not null, built_at timestamptz not null, row_count bigint not null,
    rows_deleted bigint not null, rows_inserted bigint not null, build_seconds numeric(12, 3) not null
);
comment on table marts.mart_builds is
    'One row per mart: the build that it is of, which is the same for all, and what that build changed.';
"""
NOTES = "mart_builds"
ALL = sql.SQL("true")
MOVED = sql.SQL("lead_id in (select lead_id from line.int_moved_leads)")


def _all_have_moved(connection: Connection) -> bool:
    row = connection.execute(
        "select exists (select from line.int_moved_leads where lead_id is null) as is_so"
    ).fetchone()
    return bool(row and row["is_so"])


def _shape(connection: Connection, tables: Mapping[str, dict[str, str]], views: Mapping[str, str]) -> set[str]:
    """Give every mart the columns of its build, take away what is no mart any more; returns what is not as it was."""
    present = _relations(connection)
    wanted = dict.fromkeys((*tables, NOTES), "r") | dict.fromkeys(views, "v")
    stale = {name: kind for name, kind in present.items() if wanted.get(name) != kind}
    alterations = {
        name: _alterations(name, _columns(connection, MARTS, name), columns)
        for name, columns in tables.items()
        if name in present and name not in stale
    }
    altered = {name for name, statements in alterations.items() if statements}
    # A column cannot go while a view shows it.
    fresh = {
        name: text
        for name, text in views.items()
        if altered or stale or _views(connection, MARTS, [name]).get(name) != text
    }
    for name in sorted(fresh.keys() & present.keys() - stale.keys()):
        connection.execute(sql.SQL("drop view {}").format(_in(MARTS, name)))
    for name, kind in sorted(stale.items(), key=lambda each: each[1] != "v"):
        what: LiteralString = "drop view {}" if kind == "v" else "drop table {}"
        connection.execute(sql.SQL(what).format(_in(MARTS, name)))
    for statement in (each for statements in alterations.values() for each in statements):
        connection.execute(statement)
    created = tables.keys() - (present.keys() - stale.keys())
    for name in created:
        made = "create table {} (like {} including comments)"
        connection.execute(sql.SQL(made).format(_in(MARTS, name), _in(BUILD, name)))
    for name, text in fresh.items():
        connection.execute(sql.SQL("create view {} as ").format(_in(MARTS, name)) + sql.SQL(text))
    return altered | created


def _grant(connection: Connection, is_public: Mapping[str, bool]) -> None:
    """What is not personal is for the role that may see no person."""
    rows = connection.execute(
        """select relname as name, has_table_privilege('bi_public', oid, 'select') as is_granted from pg_class
        where relnamespace = 'marts'::regnamespace and relname = any(%s)""",
        (list(is_public),),
    ).fetchall()
    for row in rows:
        if is_public[row["name"]] != row["is_granted"]:
            what: LiteralString = "revoke select on {} from bi_public"
            if is_public[row["name"]]:
                what = "grant select on {} to bi_public"
            connection.execute(sql.SQL(what).format(_in(MARTS, row["name"])))


def _alterations(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[sql.Composed]:
    """Columns are added and dropped, never rewritten: a transaction that began before still sees its rows."""
    table = _in(MARTS, name)
    gone = [column for column, type_ in before.items() if after.get(column) != type_]
    new = [column for column, type_ in after.items() if before.get(column) != type_]
    dropped = [sql.SQL("alter table {} drop column {}").format(table, sql.Identifier(column)) for column in gone]
    added = [
        sql.SQL("alter table {} add column {} {}").format(table, sql.Identifier(column), sql.SQL(after[column]))
        for column in new
    ]
    return dropped + added


def _fill(connection: Connection, name: str, columns: Mapping[str, str], whose: sql.SQL) -> Changed:
    """Delete the rows that the build does not have, insert those that it has more. Its rows are unlike one another."""
    old, new = (
        sql.SQL("row({})::text").format(sql.SQL(", ").join(sql.Identifier(side, each) for each in columns))
        for side in ("old", "new")
    )
    parts = {
        "mart": _in(MARTS, name),
        "build": _in(BUILD, name),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "old": old,
        "new": new,
        "whose": whose,
    }
    deleted = connection.execute(sql.SQL(_DELETE).format(**parts)).rowcount
    inserted = connection.execute(sql.SQL(_INSERT).format(**parts)).rowcount
    return Changed(deleted, inserted, _count(connection, name))


_DELETE: LiteralString = """
delete from {mart} as old
where {whose} and not exists (select from (select * from {build} where {whose}) as new where {new} = {old})
"""
_INSERT: LiteralString = """
insert into {mart} ({columns}) select {columns} from {build} as new
where {whose} and not exists (select from (select * from {mart} where {whose}) as old where {old} = {new})
"""


def _count(connection: Connection, name: str) -> int:
    row = connection.execute(sql.SQL("select count(*) as rows from {}").format(_in(MARTS, name))).fetchone()
    return row["rows"] if row else 0


def _note(connection: Connection, changed: Mapping[str, Changed], seconds: Mapping[str, float], at: datetime) -> None:
    row = connection.execute("select coalesce(max(build_id), 0) + 1 as id from marts.mart_builds").fetchone()
    connection.execute("delete from marts.mart_builds")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into marts.mart_builds values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (name, row["id"] if row else 1, at, each.rows, each.deleted, each.inserted, round(seconds[name], 3))
                for name, each in sorted(changed.items())
            ],
        )


def _relations(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        "select relname as name, relkind::text as kind from pg_class "
        "where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')"
    )
    return {row["name"]: row["kind"] for row in rows}


def _columns(connection: Connection, schema: str, name: str) -> dict[str, str]:
    """Type by column, in the build's order."""
    rows = connection.execute(
        """select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum""",
        (f"{schema}.{name}",),
    )
    return {row["name"]: row["type"] for row in rows}


def _views(connection: Connection, schema: str, names: Sequence[str]) -> dict[str, str]:
    """The text of each that is a view, as it reads in `marts`."""
    rows = connection.execute(
        """select relname as name, replace(pg_get_viewdef(oid), %s, %s) as text from pg_class
        where relnamespace = %s::regnamespace and relkind = 'v' and relname = any(%s)""",
        (f"{BUILD}.", f"{MARTS}.", schema, names),
    )
    return {row["name"]: row["text"] for row in rows}


def _in(schema: str, name: str) -> sql.Identifier:
    return sql.Identifier(schema, name)
