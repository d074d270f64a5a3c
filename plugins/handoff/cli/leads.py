"""Questions about one lead."""

import json
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections

commands = typer.Typer()


@commands.command()
def explain(
    lead: Annotated[str, typer.Argument(help="A HubSpot contact id, or an e-mail address.")], as_json: AsJson = False
) -> None:
    """Say why a lead is, or is not, an MQL, and what became of it: every point, clause and handoff."""
    from handoff import explain as explaining
    from handoff.ledger.db import connect

    use_local_connections()
    try:
        with connect() as connection:
            found = explaining.explain(connection, lead)
    except explaining.UnknownLead as unknown:
        fail(str(unknown))
    typer.echo(json.dumps(found.as_json(), indent=2, default=str) if as_json else explaining.as_text(found))
