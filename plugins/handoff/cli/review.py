"""`handoff review …`: the weekly pack, and what the meeting resolved to do."""

from pathlib import Path
from typing import Annotated

import typer

from handoff.cli.shared import fail, use_local_connections

commands = typer.Typer(help="The weekly revenue review: its pack, and its action items.", no_args_is_help=True)
Week = Annotated[str | None, typer.Option("--week", help="Such as 2026-W07; without it the last whole week.")]


@commands.command()
def post(week: Week = None) -> None:
    """Post the pack of a week in the review channel, once however often this runs."""
    from handoff import stations
    from handoff.qualify.dbt import DbtFailed
    from handoff.review.run import NotNow

    use_local_connections()
    try:
        counts = stations.review(week)
    except (ValueError, LookupError, NotNow) as wrong:
        fail(f"{wrong}.")
    except DbtFailed as failed:
        fail(f"No pack was posted. {failed}")
    typer.echo(f"{counts}")


@commands.command()
def show(
    week: Week = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write it for print to this file.")] = None,
) -> None:
    """Print the pack of a week as Markdown, or write it as a PDF; it is not posted."""
    from handoff import clock
    from handoff.agreement.document import markdown
    from handoff.ledger.db import connect
    from handoff.review.pack.figures import week_of
    from handoff.web.pages import review

    use_local_connections()
    try:
        with connect() as connection:
            as_of = clock.now()
            page = review.read(connection, week_of(week or review.newest(connection, as_of)), as_of)
    except (ValueError, LookupError) as wrong:
        fail(f"{wrong}.")
    if pdf is None:
        typer.echo(markdown(page.document), nl=False)
        return
    pdf.write_bytes(review.print_of(page))
    typer.echo(f"{page.document.title}: {pdf}")


@commands.command()
def action(
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option("--owner", help="Whose it is.")],
    week: Week = None,
) -> None:
    """Note an action item of the meeting about a week. Name no lead: a pack is kept for good."""
    from handoff import clock
    from handoff.ledger.db import connect
    from handoff.review.pack import actions
    from handoff.review.pack.figures import week_of
    from handoff.review.run import last_week

    use_local_connections()
    at = clock.now()
    try:
        with connect() as connection:
            number = actions.add(connection, week_of(week) if week else last_week(connection, at), text, owner, at)
    except (ValueError, LookupError) as wrong:
        fail(f"{wrong}.")
    typer.echo(f"Noted as {number}. When it is done: handoff review done {number}")


@commands.command(name="actions")
def list_actions() -> None:
    """List the action items that are open."""
    from handoff.ledger.db import connect
    from handoff.review.pack import actions
    from handoff.review.pack.figures import name_of

    use_local_connections()
    with connect() as connection:
        found = actions.still_open(connection)
    for each in found:
        typer.echo(f"{each.action_id:>4}  {each.text} ({each.owner}, since {name_of(each.week_starts_on)})")
    if not found:
        typer.echo("None is open.")


@commands.command()
def done(number: Annotated[int, typer.Argument(help="The item's number.")]) -> None:
    """Mark an action item as done."""
    from handoff import clock
    from handoff.ledger.db import connect
    from handoff.review.pack import actions

    use_local_connections()
    try:
        with connect() as connection:
            found = actions.finish(connection, number, clock.now())
    except LookupError as wrong:
        fail(f"{wrong}.")
    typer.echo(f"Done: {found.text} ({found.owner})")
