"""Fill the dictionaries with what the libraries say of each address, host and company name in `raw`.

Neither the public suffix list nor the legal forms of companies can be asked in SQL, and a library that is updated
must not change a decision that was made: the first answer is kept, and only values without one are asked about.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

from psycopg import sql

from handoff import clock
from handoff.identity.tables import DICTIONARIES, Dictionary, Path
from handoff.ledger.db import Connection
from handoff.ledger.streams import Stream

CHUNK = 10_000
"""Values that one statement writes."""

# Text that JSON can carry and Postgres cannot; landing replaces it in the same way.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def learn(connection: Connection, stream: Stream, payloads: Iterable[Mapping[str, Any]]) -> int:
    """Answer for the values in records that are being landed; returns how many were new.

    Belongs in the landing's transaction, so that no model meets a value without its answer.
    """
    payloads, learned = list(payloads), 0
    for dictionary in DICTIONARIES:
        paths = dictionary.paths.get(stream, ())
        values = {value for payload in payloads for path in paths if (value := _value(payload, path))}
        if values:
            given = sql.SQL("select value from unnest(%s::text[]) as given (value)")
            learned += _answer(connection, dictionary, _unknown(connection, dictionary, given, [sorted(values)]))
    return learned


def complete(connection: Connection) -> dict[str, int]:
    """Answer for every value in `raw` that has no answer yet; returns how many, by table.

    For what was landed before the tables were there, or by other means than landing. May be repeated and interrupted.
    """
    counts = {}
    for dictionary in DICTIONARIES:
        parts = [
            sql.SQL("select payload #>> {} as value from raw.{}").format(list(path), sql.Identifier(stream.name))
            for stream, paths in dictionary.paths.items()
            for path in paths
        ]
        landed = sql.SQL(" union all ").join(parts)
        counts[dictionary.table] = _answer(connection, dictionary, _unknown(connection, dictionary, landed, []))
    return counts


def _value(payload: Mapping[str, Any], path: Path) -> str | None:
    found: Any = payload
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return _UNSTORABLE.sub("\ufffd", found) if isinstance(found, str) else None


def _unknown(
    connection: Connection, dictionary: Dictionary, values: sql.Composable, parameters: Sequence[Any]
) -> list[str]:
    """The keys among `values`, a query of one column, that have no answer; in order, so that two never deadlock."""
    query = sql.SQL(
        """select wanted.key from (select distinct raw.dictionary_key(value) as key from ({values}) as each) as wanted
        where wanted.key is not null and not exists (select from raw.{table} as known where known.{key} = wanted.key)
        order by wanted.key"""
    ).format(values=values, table=sql.Identifier(dictionary.table), key=sql.Identifier(dictionary.key))
    return [row["key"] for row in connection.execute(query, parameters)]


def _answer(connection: Connection, dictionary: Dictionary, keys: Sequence[str]) -> int:
    columns = (dictionary.key, *dictionary.types)
    types: tuple[LiteralString, ...] = ("text", *dictionary.types.values())
    query = sql.SQL("insert into raw.{} ({}, computed_at, library) select *, %s, %s from unnest({}) {}").format(
        sql.Identifier(dictionary.table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(each) + sql.SQL("[]") for each in types),
        sql.SQL("on conflict do nothing"),
    )
    stamp, answered = (clock.now(), dictionary.library), 0
    for start in range(0, len(keys), CHUNK):
        answers = [(key, *dictionary.answer(key)) for key in keys[start : start + CHUNK]]
        answered += connection.execute(query, [*stamp, *map(list, zip(*answers, strict=True))]).rowcount
    return answered
