"""What another agreement would have decided."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections

if TYPE_CHECKING:
    from handoff.agreement.model import Agreement
    from handoff.qualify.loads import Tables

commands = typer.Typer()
CHECKOUT = "this checkout"


@commands.command()
def backtest(
    before: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="A directory or a revision of git, for example main; with --change, this checkout by default.",
        ),
    ] = None,
    after: Annotated[
        str | None, typer.Option("--to", help="A directory or a revision; without it, this checkout as it stands.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID:COLUMN=VALUE",
            help="Another value for the row that is in force under an id, on the --to side. May be repeated.",
        ),
    ] = None,
    days: Annotated[int, typer.Option(help="How far back to go.", min=1)] = 90,
    horizon_days: Annotated[int, typer.Option(help="Within how long an MQL should become an SQL.", min=1)] = 30,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The day whose rows of either agreement apply throughout. [default: the last day ahead on which rows "
            "begin or end that make the two differ; else today]",
            show_default=False,
        ),
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Also write a page with charts to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two agreements on history: who is gained, who is lost, by which rule, and what became of them.

    Prints Markdown, which reads well in a terminal and as it is in a pull request. Nothing is written to the ledger and
    nobody is told. For example: handoff backtest --from main --days 90 --page backtest.html, or, before any file is
    edited: handoff backtest --change sig-page-blog:points=0
    """
    from handoff import clock
    from handoff.agreement.document import markdown
    from handoff.backtest import run, telling, validity
    from handoff.ledger.db import connect
    from handoff.qualify import models
    from handoff.web.pages.backtest import standalone

    if before is None and not change:
        fail("Nothing to compare: name --from, for example main, or a --change such as sig-page-blog:points=0.")
    today = clock.now().date()
    old, new = read(before), read(after)
    day = on.date() if on else validity.deciding(old.as_tables(), new.as_tables(), today)
    sides = (side(before, old), side(after, new, change or (), day))
    use_local_connections()
    with connect() as connection:
        report = run.run(
            connection,
            models.compiled(for_all=True),
            sides,
            days=days,
            end=clock.now(),
            on=day,
            horizon_days=horizon_days,
        )
    if page is not None:
        page.write_text(standalone(report), encoding="utf-8")
    text = json.dumps(asdict(report), indent=2, default=str) if as_json else markdown(telling.document(report))
    typer.echo(text, nl=as_json)


def read(where: str | None) -> "Agreement":
    """The agreement in a directory or of a revision; that of this checkout without one."""
    from handoff.agreement import Unreadable, source

    try:
        return source(where)
    except Unreadable as reason:
        fail(f"{reason}" if f"{reason}".endswith("?") else f"{reason}.")


def side(
    where: str | None, agreement: "Agreement", changes: Sequence[str] = (), day: date = date.max
) -> "tuple[str, Tables]":
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
