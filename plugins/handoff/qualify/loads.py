"""When which agreement and which models began to decide: kept for ever, so that any decision can be made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection
from handoff.qualify.models import ModelSet

Tables = Mapping[str, list[dict[str, Any]]]


class Unfinished(RuntimeError):
    """A lead would be handed over while a load of the agreement is unfinished: all of it waits until that has ended."""


@dataclass(frozen=True)
class Load:
    """One load; the hashes are keys of what was loaded."""

    load_id: int
    loaded_at: datetime
    agreement_hash: str
    models_hash: str


def record(connection: Connection, models: ModelSet, loaded_at: datetime) -> Load:
    """Note that what stands in schema `agreement`, and these models, decide from now on.

    Returns the last load when nothing has changed since.
    """
    tables = connection.execute(
        "select table_name as name from information_schema.tables where table_schema = 'agreement' order by 1"
    ).fetchall()
    content = sql.SQL(" union all ").join(
        sql.SQL(
            "select {name} as name, coalesce(jsonb_agg(to_jsonb(seed) order by seed::text), '[]') as rows from {} seed"
        ).format(sql.Identifier("agreement", each["name"]), name=each["name"])
        for each in tables
    )
    with connection.transaction():
        agreement = connection.execute(
            sql.SQL("select jsonb_object_agg(name, rows order by name) as tables from ({}) as tables").format(content)
        ).fetchone()
        assert agreement is not None
        text = json.dumps(agreement["tables"], sort_keys=True, ensure_ascii=False)
        agreement_hash = sha256(text.encode()).hexdigest()
        last = newest(connection)
        if last and (last.agreement_hash, last.models_hash) == (agreement_hash, models.hash):
            return last
        connection.execute(
            "insert into handoff.agreements values (%s, %s) on conflict do nothing",
            (agreement_hash, Jsonb(agreement["tables"])),
        )
        connection.execute(
            "insert into handoff.model_sets values (%s, %s) on conflict do nothing",
            (models.hash, Jsonb(models.as_json())),
        )
        row = connection.execute(
            """insert into handoff.loads (loaded_at, agreement_hash, models_hash) values (%s, %s, %s)
            returning load_id, loaded_at, agreement_hash, models_hash""",
            (loaded_at, agreement_hash, models.hash),
        ).fetchone()
    assert row is not None
    return Load(**row)


def newest(connection: Connection, at: datetime | None = None) -> Load | None:
    """What decides now, or decided at a moment: the last load until then."""
    row = connection.execute(
        """select load_id, loaded_at, agreement_hash, models_hash from handoff.loads
        where %(at)s::timestamptz is null or loaded_at <= %(at)s order by loaded_at desc, load_id desc limit 1""",
        {"at": at},
    ).fetchone()
    return Load(**row) if row else None


def by_id(connection: Connection, load_id: int) -> Load | None:
    """The load of that number."""
    row = connection.execute(
        "select load_id, loaded_at, agreement_hash, models_hash from handoff.loads where load_id = %s", (load_id,)
    ).fetchone()
    return Load(**row) if row else None


def first(connection: Connection) -> Load | None:
    """The oldest load on record."""
    row = connection.execute(
        "select load_id, loaded_at, agreement_hash, models_hash from handoff.loads order by loaded_at, load_id limit 1"
    ).fetchone()
    return Load(**row) if row else None


def models(connection: Connection, models_hash: str) -> ModelSet:
    """The models of a load.

    Raises:
        LookupError: there are none of that hash.
    """
    row = connection.execute("select models from handoff.model_sets where models_hash = %s", (models_hash,)).fetchone()
    if row is None:
        raise LookupError(f"no models {models_hash[:12]} were ever loaded")
    return ModelSet.from_json(row["models"])


def agreement(connection: Connection, agreement_hash: str) -> Tables:
    """The agreement's tables of a load.

    Raises:
        LookupError: there are none of that hash.
    """
    row = connection.execute(
        "select tables from handoff.agreements where agreement_hash = %s", (agreement_hash,)
    ).fetchone()
    if row is None:
        raise LookupError(f"no agreement {agreement_hash[:12]} was ever loaded")
    tables: Tables = row["tables"]
    return tables


UNFINISHED = "the agreement is being loaded, or a load of it broke off: run `handoff agreement load` to its end"
"""Why nothing is decided, nobody handed over, and no mart built, while a load is unfinished."""


def begin(connection: Connection, at: datetime) -> None:
    """Note that what decides is about to be replaced piece by piece."""
    connection.execute("insert into handoff.unfinished_loads values (%s) on conflict do nothing", (at,))


def end(connection: Connection) -> None:
    """Note that what stands is one whole agreement; it makes good what earlier loads left behind."""
    connection.execute("delete from handoff.unfinished_loads")


def forget(connection: Connection, at: datetime) -> None:
    """Take back the note of a load that has replaced nothing."""
    connection.execute("delete from handoff.unfinished_loads where began_at = %s", (at,))


def is_unfinished(connection: Connection) -> bool:
    """Whether a load has begun and not come to its end: it runs, or it was killed or failed on its way."""
    return connection.execute("select from handoff.unfinished_loads limit 1").fetchone() is not None


def must_be_finished(connection: Connection) -> None:
    """Go on only over one whole agreement.

    Raises:
        Unfinished: a load has begun and not come to its end.
    """
    if is_unfinished(connection):
        raise Unfinished(UNFINISHED)
