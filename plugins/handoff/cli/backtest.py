"""What another agreement would have decided."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections
from handoff.cli.two_agreements import After, Before, Changes, On, compared

commands = typer.Typer()


@commands.command()
def backtest(
    before: Before = None,
    after: After = None,
    change: Changes = None,
    days: Annotated[int, typer.Option(help="How far back to go.", min=1)] = 90,
    horizon_days: Annotated[int, typer.Option(help="Within how long an MQL should become an SQL.", min=1)] = 30,
    on: On = None,
    page: Annotated[Path | None, typer.Option(help="Also write a page with charts to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two agreements on history: who is gained, who is lost, by which rule, and what became of them.

    Prints tables in a terminal, and Markdown for a pull request into a file or a pipe. Nothing is written to the ledger
    and nobody is told. For example: handoff backtest --from main --days 90 --page backtest.html, or, before any file is
    edited: handoff backtest --change sig-page-blog:points=0
    """
    from handoff import clock
    from handoff.backtest import run, telling
    from handoff.cli.printing import show
    from handoff.ledger.db import connect
    from handoff.qualify import models
    from handoff.web.pages.backtest import standalone

    if before is None and not change:
        fail("Nothing to compare: name --from, for example main, or a --change such as sig-page-blog:points=0.")
    sides, day = compared(before, after, change or (), on, clock.now().date())
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
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2, default=str))
    else:
        show(telling.document(report))
