"""The gates on what the CRM sends and what becomes of it."""

import getpass
import json
from dataclasses import asdict
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, use_local_connections

commands = typer.Typer(
    help="The gates: while one is closed, leads land and are scored, and nobody is handed over.",
    no_args_is_help=True,
)


@commands.command()
def show(as_json: AsJson = False) -> None:
    """Say how each gate stands and why; exit 0 when all are open, else 1."""
    from handoff.gates import state
    from handoff.ledger.db import connect

    use_local_connections()
    with connect() as connection:
        found = state.states(connection)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
    for each in () if as_json else found:
        typer.echo(f"{each.gate}: {'open' if each.is_open else 'CLOSED'} since {each.since:%Y-%m-%d %H:%M} UTC")
        typer.echo(f"  {each.reason}.")
    if not found and not as_json:
        typer.echo("No gate has been judged yet.")
    raise typer.Exit(0 if all(each.is_open for each in found) else 1)


@commands.command()
def judge(as_json: AsJson = False) -> None:
    """Judge every gate that looks at a view now, without waiting for the next quarter of an hour."""
    from handoff import stations

    use_local_connections()
    counts = stations.gates()
    typer.echo(json.dumps(counts, default=str) if as_json else f"{counts}")


@commands.command(name="open")
def open_by_hand(
    name: Annotated[str, typer.Argument(help="Which gate, as `handoff gate show` names it.")],
    because: Annotated[
        str, typer.Option("--because", help="What was found, for whoever reads it in a month.", prompt=True)
    ],
) -> None:
    """Accept what a gate found although it is odd; the held leads go out with the next run.

    Recorded with your name and the reason. It stays open until it is found good, and is judged as before from then on.
    """
    from handoff import clock
    from handoff.gates import state, suites
    from handoff.ledger.db import connect

    use_local_connections()
    with connect() as connection:
        known = {*suites.names(), *(each.gate for each in state.states(connection))}
        if name not in known:
            raise typer.BadParameter(f"there is no gate {name!r}: there are {', '.join(sorted(known))}")
        state.open_by_hand(connection, name, getpass.getuser(), because, clock.now())
        typer.echo(f"Open: {state.state(connection, name).reason}. The next run hands over what was held.")
