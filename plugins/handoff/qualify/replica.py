"""The line's models once more, in temporary tables: for another moment, other leads or another agreement.

It is the very SQL that decides in the line. Nothing of it outlives the transaction, and nobody hears of it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection, Row
from handoff.qualify.loads import Tables
from handoff.qualify.models import Model, ModelSet

PENDING = "pending_leads"
_RELATION = re.compile(r'"(line|staging|agreement|handoff)"\."([a-z0-9_]+)"')


@dataclass(frozen=True)
class Replica:
    """What to compute.

    Attributes:
        models: the models to run.
        wanted: names of those whose rows are asked for; what they are made of is run as well.
        as_of: the moment to compute for, and the last at which anything could be known.
        agreement: tables in place of those that are loaded; None takes these.
        given: relations in place of a model or a table of the agreement, by name: SQL that selects their rows.
    """

    models: ModelSet
    wanted: Sequence[str]
    as_of: datetime
    agreement: Tables | None = None
    given: Mapping[str, sql.Composable] = field(default_factory=dict)


@contextmanager
def opened(connection: Connection, replica: Replica, lead_ids: Iterable[str]) -> Iterator[None]:
    """Inside the block the wanted models can be read by their bare names, and hold the given leads alone.

    The transaction is rolled back at the end of the block.

    Raises:
        KeyError: a wanted model is not among the models.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("select set_config('handoff.as_of', %s, true)", (replica.as_of.isoformat(),))
        connection.execute(
            "create temp table pending_leads as select distinct lead_id from unnest(%s::text[]) as asked (lead_id)",
            (list(lead_ids),),
        )
        connection.execute("analyze pending_leads")
        here = {PENDING, *(_load(connection, replica.agreement) if replica.agreement is not None else ())}
        for name, query in replica.given.items():
            connection.execute(sql.SQL("create temp table {} as {}").format(sql.Identifier(name), query))
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(name)))
            here.add(name)
        for model in _to_build(replica):
            _build(connection, model, here)
        yield


def these(relation: str, rows: Iterable[Mapping[str, Any]]) -> sql.Composed:
    """A query for `given` that selects rows of the shape of a relation of schema `line`, from their JSON."""
    return sql.SQL("select * from jsonb_populate_recordset(null::{}, {})").format(
        sql.Identifier("line", relation), sql.Literal(json.dumps(list(rows), default=str))
    )


def rows(connection: Connection, name: str, order: str) -> list[Row]:
    """All rows of one model of the open replica.

    Args:
        order: column names, separated by commas; nulls come first.
    """
    keys = sql.SQL(", ").join(
        sql.SQL("{} nulls first").format(sql.Identifier(column.strip())) for column in order.split(",")
    )
    return connection.execute(
        sql.SQL("select * from pg_temp.{} order by {}").format(sql.Identifier(name), keys)
    ).fetchall()


def _to_build(replica: Replica) -> list[Model]:
    """Models in order, without those given, and without what only these are made of."""
    given = set(replica.given)
    pruned = ModelSet(tuple(each for each in replica.models.models if each.name not in given))
    known = {each.name for each in pruned.models}
    trimmed = ModelSet(
        tuple(
            Model(
                each.name,
                each.is_view,
                each.sql,
                each.settings,
                tuple(name for name in each.inputs if name in known),
            )
            for each in pruned.models
        )
    )
    return list(trimmed.needed_for(set(replica.wanted) - given))


def _build(connection: Connection, model: Model, here: set[str]) -> None:
    if model.settings:
        connection.execute(_literal(model.settings))
    kind = "view" if model.is_view else "table"
    text = _RELATION.sub(lambda found: f'pg_temp."{found[2]}"' if found[2] in here else found[0], model.sql)
    connection.execute(_literal(f'create temp {kind} "{model.name}" as {text}'))
    if not model.is_view:
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(model.name)))
    here.add(model.name)


def _load(connection: Connection, tables: Tables) -> list[str]:
    for name, content in tables.items():
        table = sql.Identifier(name)
        connection.execute(
            sql.SQL(
                "create temp table {table} as select * from jsonb_populate_recordset(null::agreement.{table}, %s)"
            ).format(table=table),
            (Jsonb(content),),
        )
        connection.execute(sql.SQL("analyze {}").format(table))
    return list(tables)


def _literal(text: str) -> sql.SQL:
    """SQL that is no constant of this file: it was compiled by dbt from the project and kept in the ledger."""
    return sql.SQL(text)
