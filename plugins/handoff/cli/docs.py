"""The documentation of the models."""

import typer

from handoff.cli.shared import fail, use_local_connections

commands = typer.Typer()


@commands.command()
def docs() -> None:
    """Write dbt's documentation of the models, lineage and columns, for the web app's page "Docs", now.

    `handoff_marts` does it by itself when a new agreement has been loaded. Needs the connection handoff_dbt and the
    models built once; the local stack has both.
    """
    from handoff.qualify import dbt
    from handoff.settings import settings

    use_local_connections()
    try:
        dbt.document()
    except dbt.DbtFailed as error:
        fail(str(error))
    typer.echo(f"Written to {dbt.documentation()}, shown at {settings().public_url}/handoff/docs.")
