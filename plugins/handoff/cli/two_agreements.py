"""The two agreements that a command compares, and the day whose rows count, as its command line names them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from handoff.cli.shared import fail

if TYPE_CHECKING:
    from handoff.agreement.model import Agreement
    from handoff.qualify.loads import Tables

    Side = tuple[str, Tables]

CHECKOUT = "this checkout"
Before = Annotated[
    str | None,
    typer.Option(
        "--from", help="A directory or a revision of git, for example main; with --change, this checkout by default."
    ),
]
After = Annotated[
    str | None, typer.Option("--to", help="A directory or a revision; without it, this checkout as it stands.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--change",
        metavar="ID:COLUMN=VALUE",
        help="Another value for the row that is in force under an id, on the --to side. May be repeated.",
    ),
]
On = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="The day whose rows of either agreement apply throughout. [default: the last day ahead on which rows "
        "begin or end that make the two differ; else today]",
        show_default=False,
    ),
]


def compared(
    before: str | None, after: str | None, changes: Sequence[str], on: datetime | None, today: date
) -> "tuple[tuple[Side, Side], date]":
    """Both agreements, the second with changes, and the day whose rows count: `on`, or else the one that decides."""
    from handoff.agreement.deciding_day import deciding

    old, new = _read(before), _read(after)
    day = on.date() if on else deciding(old.as_tables(), new.as_tables(), today)
    return (_side(before, old, (), day), _side(after, new, changes, day)), day


def _read(where: str | None) -> "Agreement":
    """The agreement in a directory or of a revision; that of this checkout without one."""
    from handoff.agreement import Unreadable, source

    try:
        return source(where)
    except Unreadable as reason:
        fail(f"{reason}" if f"{reason}".endswith("?") else f"{reason}.")


def _side(where: str | None, agreement: "Agreement", changes: Sequence[str], day: date) -> "Side":
    """What people call the agreement, and its tables, with changes of the rows that are in force on a day."""
    from handoff.agreement import check, what_if

    try:
        edits = [what_if.parse(text) for text in changes]
        found = what_if.changed(agreement, edits, day)
    except what_if.Unfit as reason:
        fail(f"{reason}" if f"{reason}".endswith("?") else f"{reason}.")
    errors = [str(each) for each in check.problems(found) if each.severity == "error"]
    if errors:
        fail("\n".join([f"{found.name} breaks its own rules:", *errors]))
    label = where or CHECKOUT
    return f"{label} with {', '.join(map(str, edits))}" if edits else label, found.as_tables()
