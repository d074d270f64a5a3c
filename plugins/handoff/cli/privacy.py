"""What is kept of people: given out or erased for one of them, and let go of when it is old."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handoff.cli.shared import fail, use_local_connections

if TYPE_CHECKING:
    from handoff.ledger.db import Connection
    from handoff.privacy.person import Person

Who = Annotated[str, typer.Argument(help="A HubSpot contact id, or an e-mail address.")]
commands = typer.Typer(help="What is kept of people: give it out, erase it, let it go.", no_args_is_help=True)


@commands.command()
def export(
    who: Who,
    out: Annotated[
        Path | None, typer.Option("--out", help="A file to write, for your eyes only; else it is printed.")
    ] = None,
) -> None:
    """Give out everything that is kept about a person: JSON, by table, row by row."""
    from handoff.ledger.db import connect
    from handoff.privacy.export import export as rows_of

    use_local_connections()
    with connect() as connection:
        person = _find(connection, who)
        found = rows_of(connection, person)
    text = json.dumps({"contact_ids": person.ids, "emails": person.emails, "tables": found}, indent=2, default=str)
    if out is None:
        typer.echo(text)
        return
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_text(text + "\n", encoding="utf-8")
    typer.echo(f"{sum(len(rows) for rows in found.values()):,} rows of {len(found)} tables are in {out}.")


@commands.command()
def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person from everything that is kept, and let nothing of them land again. There is no way back.

    HubSpot itself is not changed: delete the contact there for privacy, which erases it here as well.
    """
    from handoff import clock
    from handoff.ledger.db import connect
    from handoff.privacy.erase import erase as forget
    from handoff.privacy.export import export as rows_of
    from handoff.privacy.reported import BUSY

    use_local_connections()
    with connect() as connection:
        person = _find(connection, who)
        found = rows_of(connection, person)
        typer.echo(f"Contacts {', '.join(person.ids) or 'none'}; addresses {', '.join(person.emails) or 'none'}.")
        for name, rows in found.items():
            typer.echo(f"  {name}: {len(rows):,} rows")
        if not yes:
            typer.confirm("Erase all of it, and let nothing of them land again?", abort=True)
        try:
            report = forget(connection, person, clock.now(), "person")
        except BUSY:
            fail("Nothing was changed: the line is at work on the same rows. Try again in a minute.")
    if report.erased_before:
        typer.echo(f"They were erased on {report.erased_before:%Y-%m-%d} before.")
    for name, count in report.counts.items():
        typer.echo(f"  {name}: {count:,} rows deleted or blanked")
    typer.echo(f"{report.withdrawn} open handoffs withdrawn; {report.waiting} messages in Slack still to be changed.")
    typer.echo("The line's next run takes them out of its tables, the next build of the marts out of those.")


@commands.command()
def retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is old, and change nothing.")] = False,
) -> None:
    """Let go of what is older than `retention.csv` keeps it, as the DAG `handoff_upkeep` does each night.

    The rows count that were loaded last: run `handoff agreement load` after a change. There is no way back.
    """
    from handoff import clock
    from handoff.ledger.db import connect
    from handoff.privacy import retention

    use_local_connections()
    from handoff.airflow_kit import log_folder

    if dry_run:
        with connect() as connection:
            counts = retention.due(connection, clock.now(), log_folder())
    else:
        counts = retention.nightly(log_folder())
    if "skipped" in counts:
        fail("Nothing was done: the DAG handoff_upkeep, or another command, is doing it now.")
    for subject, count in counts.items():
        typer.echo(f"  {subject}: {count:,} {'are old' if dry_run else 'deleted, blanked or erased'}")
    if not counts:
        typer.echo("Nothing is older than retention.csv keeps it.")


def _find(connection: "Connection", who: str) -> "Person":
    from handoff.privacy.person import Ambiguous, find

    try:
        return find(connection, who)
    except Ambiguous as several:
        fail(str(several))
