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
    """Both agreements, the second with changes, and the day whose rows count: `on`, or else the one that decides.

    What the check finds wrong keeps the second from being tried. The first is only what to compare with, and the check
    may have learnt since: that is printed as a warning.
    """
    from handoff.agreement.deciding_day import deciding

    old, new = _read(before), _read(after)
    _check_what_it_is_compared_with(old)
    _check(new)
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
    from handoff.agreement import what_if

    label = where or CHECKOUT
    if not changes:
        return label, agreement.as_tables()
    try:
        edits = [what_if.parse(text) for text in changes]
        found = what_if.changed(agreement, edits, day)
    except what_if.Unfit as reason:
        fail(f"{reason}" if f"{reason}".endswith("?") else f"{reason}.")
    _check(found)
    return f"{label} with {', '.join(map(str, edits))}", found.as_tables()


def _check(agreement: "Agreement") -> None:
    if errors := _errors(agreement):
        fail("\n".join([f"{agreement.name} breaks its own rules:", *errors]))


def _check_what_it_is_compared_with(agreement: "Agreement") -> None:
    """Refuse what cannot be read; of the rest only warn: it has decided, and the check has learnt since."""
    illegible = [
        f"{row.seed.file}:{row.line}: {name} {text!r} is not of type {row.seed.columns[name].type}"
        for row in agreement
        for name, text in row.cells.items()
        if text and name in row.seed.columns and row[name] is None
    ]
    if illegible := [*(str(each) for each in agreement.problems if each.severity == "error"), *illegible]:
        fail("\n".join([f"{agreement.name} cannot be read:", *illegible]))
    if errors := _errors(agreement):
        said = [f"{agreement.name} breaks rules of today's check, and is compared with all the same:", *errors]
        typer.secho("\n".join(said), fg=typer.colors.YELLOW, err=True)


def _errors(agreement: "Agreement") -> list[str]:
    from handoff.agreement import check

    return [str(each) for each in check.problems(agreement) if each.severity == "error"]
