"""The day whose rows two agreements are compared by: a change of the agreement is a row that begins later."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from handoff.agreement.model import OPEN
from handoff.qualify.loads import Tables

_VALIDITY = ("valid_from", "valid_to")
_SAYS_NOTHING = (*_VALIDITY, "why")


def deciding(before: Tables, after: Tables, today: date) -> date:
    """The last day ahead on which a row begins or ends and the two differ in what is in force; else today."""
    days = {
        day
        for one, other in ((before, after), (after, before))
        for name, rows in one.items()
        for row in _without(rows, other.get(name, []))
        for day in _bounds(row)
        if today < day < OPEN
    }
    return next((day for day in sorted(days, reverse=True) if _holding(before, day) != _holding(after, day)), today)


def put_in_force(tables: Tables, day: date, but: Collection[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """The rows that are in force on a day, as if they always had been and always would be.

    Args:
        but: tables that stay as they are.
    """
    always = {"valid_from": date.min.isoformat(), "valid_to": OPEN.isoformat()}
    return {
        name: [dict(row) for row in rows]
        if name in but
        else [{**row, **always} if _bounds(row) else dict(row) for row in rows if _holds(row, day)]
        for name, rows in tables.items()
    }


def _without(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {_text(row) for row in others}
    return [row for row in rows if _text(row) not in known]


def _holding(tables: Tables, day: date) -> dict[str, list[str]]:
    """What is in force, whenever it began and whatever the reason."""
    return {
        name: sorted(_text(row, _SAYS_NOTHING) for row in rows if _holds(row, day)) for name, rows in tables.items()
    }


def _text(row: Mapping[str, Any], without: tuple[str, ...] = ()) -> str:
    return str(sorted((name, str(value)) for name, value in row.items() if name not in without))


def _bounds(row: Mapping[str, Any]) -> tuple[date, ...]:
    """First day and first day no more; nothing for a row of a table without validity."""
    return tuple(date.fromisoformat(str(row[name])) for name in _VALIDITY if name in row)


def _holds(row: Mapping[str, Any], day: date) -> bool:
    bounds = _bounds(row)
    return not bounds or bounds[0] <= day < bounds[1]
