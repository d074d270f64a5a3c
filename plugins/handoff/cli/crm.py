"""What is read from the CRM."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections

commands = typer.Typer(help="What is read from the CRM, how far, and what was missed.", no_args_is_help=True)


@commands.command()
def streams(as_json: AsJson = False) -> None:
    """Show every stream: how far it has been read, the scope it needs, and what its absence costs."""
    from handoff import clock
    from handoff.extract import overview
    from handoff.ledger.db import connect

    use_local_connections()
    with connect() as connection:
        found = overview.read(connection, clock.now())
    if as_json:
        typer.echo(json.dumps([vars(each) for each in found], indent=2, default=str))
        return
    from handoff.local import show

    show.streams(found)


@commands.command()
def settle() -> None:
    """Read again what the search index may have shown late, as the DAG handoff_settle does."""
    from handoff import stations

    _run(stations.settle)


@commands.command()
def sweep() -> None:
    """Hold the CRM's whole lists against what has landed, as the DAG handoff_sweep does each night."""
    from handoff import stations

    _run(stations.sweep)


@commands.command()
def backfill(
    since: Annotated[
        datetime | None, typer.Option(help="First day; without it, the beginning.", formats=["%Y-%m-%d"])
    ] = None,
) -> None:
    """Load history, with no effect on anyone; stopped and run again, it goes on where it was."""
    from handoff import stations

    _run(lambda: stations.backfill(since.replace(tzinfo=UTC) if since else None))


def _run(station: Callable[[], dict[str, Any]]) -> None:
    import logging

    from handoff.clients.hubspot_wire import HubSpotError

    use_local_connections()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        counts = station()
    except HubSpotError as problem:
        fail(f"{problem}. What has been read stays; run the command again.")
    typer.echo(json.dumps(counts, default=str))
