"""An agreement with single cells changed, in memory: what a backtest compares before anybody edits a file."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from handoff.agreement.model import Agreement, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.values import convert

FORM = "ID:COLUMN=VALUE, for example sig-page-blog:points=0"


class Unfit(ValueError):
    """A change that cannot be made; the message is one sentence that says what to write instead."""


@dataclass(frozen=True)
class Edit:
    """Another value for one column of the row that is in force under an id."""

    id: str
    column: str
    value: str

    def __str__(self) -> str:
        return f"{self.id}:{self.column}={self.value}"


def parse(text: str) -> Edit:
    """Read `ID:COLUMN=VALUE`; the value may hold colons and equals signs.

    Raises:
        Unfit: the text has another form.
    """
    id_, colon, rest = text.partition(":")
    column, equals, value = rest.partition("=")
    if not (id_ and colon and column and equals):
        raise Unfit(f"{text!r} is no change: write {FORM}")
    return Edit(id_, column, value)


def changed(agreement: Agreement, edits: Iterable[Edit], day: date) -> Agreement:
    """The agreement with the rows that are in force on a day reading otherwise.

    Each value is of its column's type; whether the whole can go live, `check.problems` says.

    Raises:
        Unfit: no row, or more than one, is in force under an id, or it has no such column, or the value is none of it.
    """
    made = list(edits)
    for edit in made:
        old = _row(agreement, edit, day)
        new = Row(old.seed, old.line, {**old.cells, edit.column: edit.value})
        rows = tuple(new if row is old else row for row in agreement.tables[old.seed.name])
        agreement = replace(agreement, tables={**agreement.tables, old.seed.name: rows})
    return replace(agreement, name=f"{agreement.name} with {', '.join(map(str, made))}") if made else agreement


def _row(agreement: Agreement, edit: Edit, day: date) -> Row:
    rules = [row for row in agreement if row.seed.folder == "agreement" and row.key]
    named = [row for row in rules if row.key == edit.id]
    if not named:
        raise Unfit(f"no row of the agreement has the id {edit.id!r}: {nearest(edit.id, (row.key for row in rules))}")
    in_force = [row for row in named if row.holds(day)]
    if not in_force:
        raise Unfit(f"no row of {edit.id} is in force on {day}: only such a row can be tried otherwise")
    fitting = [row for row in in_force if edit.column in row.seed.columns]
    if not fitting:
        columns = [name for row in in_force for name in row.seed.columns]
        raise Unfit(f"{in_force[0].label} has no column {edit.column!r}: {nearest(edit.column, columns)}")
    if len(fitting) > 1:
        places = ", ".join(f"{row.seed.file}:{row.line}" for row in fitting)
        raise Unfit(f"{edit.id} names {len(fitting)} rows in force ({places}): edit a copy and name it with --to")
    column = fitting[0].seed.columns[edit.column]
    if edit.value == "" or convert(column.type, edit.value) is None:
        raise Unfit(f"{edit.column} of {fitting[0].label} cannot be {edit.value!r}: it is of type {column.type}")
    return fitting[0]
