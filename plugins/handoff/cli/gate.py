"""The gate on what the CRM sent."""

import getpass
import json
from dataclasses import asdict
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, use_local_connections

commands = typer.Typer(
    help="The gate on what the CRM sent: closed, leads land and are scored, and nobody is handed over.",
    no_args_is_help=True,
)


@commands.command()
def show(as_json: AsJson = False) -> None:
    """Say whether the gate is open and why; exit 0 when it is, else 1."""
    from handoff.extract import gate
    from handoff.ledger.db import connect

    use_local_connections()
    with connect() as connection:
        verdict = gate.state(connection)
    if as_json:
        typer.echo(json.dumps(asdict(verdict), indent=2, default=str))
    else:
        typer.echo(f"{'Open' if verdict.is_open else 'Closed'}: {verdict.reason}.")
    raise typer.Exit(0 if verdict.is_open else 1)


@commands.command(name="open")
def open_by_hand(
    why: Annotated[str, typer.Option("--why", help="What was found, for whoever reads it in a month.", prompt=True)],
) -> None:
    """Accept what has landed up to now although it is odd; the held leads go out with the next run.

    Recorded with your name and the reason. What lands later is judged as before.
    """
    from handoff import clock
    from handoff.extract import gate
    from handoff.ledger.db import connect

    use_local_connections()
    with connect() as connection:
        gate.open_by_hand(connection, getpass.getuser(), why, clock.now())
        typer.echo(f"Open: {gate.state(connection).reason}. The next run hands over what was held.")
