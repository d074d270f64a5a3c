"""The written agreement."""

from typing import Annotated

import typer

from handoff.cli.shared import fail, use_local_connections

commands = typer.Typer(help="The written agreement: dbt_project/seeds/agreement.", no_args_is_help=True)


@commands.command()
def load(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Also rebuild the line's tables from raw.")] = False,
) -> None:
    """Load the agreement as it stands in this checkout, after its tests have passed; nobody is paged for the past."""
    from handoff import agreement, clock
    from handoff.qualify.dbt import DbtFailed

    use_local_connections()
    try:
        counts = agreement.load(clock.now(), full_refresh=rebuild)
    except DbtFailed as failed:
        fail(f"The agreement was not loaded. {failed}")
    typer.echo(", ".join(f"{name}: {value}" for name, value in counts.items()))
