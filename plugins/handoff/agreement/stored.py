"""The agreement that decides: rows as the newest load stored them, in the shape of those that files hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from handoff.agreement.model import Agreement, Row
from handoff.agreement.seeds import Seed
from handoff.agreement.values import convert
from handoff.ledger.db import Connection
from handoff.qualify import loads


def deciding(connection: Connection, files: Agreement) -> tuple[Agreement, list[str]]:
    """What decides, and the tables of which the files say something else that has not been loaded.

    A row stands on the line that has its id in the files, so that a person finds it there. Where nothing was loaded
    yet, and of a table that an older release did not have, the files are all there is.

    Args:
        files: the checkout's, which is what `handoff agreement load` would load.
    """
    last = loads.newest(connection)
    loaded = loads.agreement(connection, last.agreement_hash) if last else {}
    tables = {name: rows_of(seed, loaded[name]) for name, seed in files.seeds.items() if name in loaded}
    differing = [name for name, rows in tables.items() if _content(rows) != _content(files.rows(name))]
    found = {name: _placed(tables[name], files.rows(name)) for name in differing}
    return (replace(files, name="the last load", tables={**files.tables, **found}) if found else files), differing


def rows_of(seed: Seed, stored: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    """A table's rows as a load stored them, with their cells written as in a file, and no line yet."""
    return tuple(
        Row(seed, 1, {name: cell(column.type, each.get(name)) for name, column in seed.columns.items()})
        for each in stored
    )


def cell(type_: str, value: Any) -> str:
    """A value of Postgres, by way of JSON, or a file's cell as text that is the same for both."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if type_ == "time":
        # Postgres tells the seconds as well, which a file has none of.
        return text.removesuffix(":00") if text.count(":") > 1 else text
    number = convert(type_, text)
    return f"{number.normalize():f}" if isinstance(number, Decimal) else text


def _content(rows: Sequence[Row]) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(cell(column.type, row.cells.get(name)) for name, column in row.seed.columns.items()) for row in rows
    )


def _placed(rows: Sequence[Row], in_files: Sequence[Row]) -> tuple[Row, ...]:
    lines = {row.key: row.line for row in reversed(in_files)}
    exact = {(row.key, row.cells.get("valid_from")): row.line for row in in_files}
    return tuple(
        replace(row, line=exact.get((row.key, row.cells.get("valid_from")), lines.get(row.key, row.line)))
        for row in rows
    )
