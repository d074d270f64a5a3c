"""Questions about one lead."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, fail, moment, use_local_connections

commands = typer.Typer()


@commands.command()
def explain(
    lead: Annotated[str, typer.Argument(help="A HubSpot contact id, an e-mail address, or a handoff.")],
    at: Annotated[
        str | None, typer.Option(help="A moment of the past, e.g. 2026-11-24T09:30Z: as everything was known then.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a lead is, or is not, an MQL, what would change that, and what became of it: each point and clause."""
    from handoff import explain as explaining
    from handoff.ledger.db import connect

    use_local_connections()
    try:
        with connect() as connection:
            found = explaining.explain(connection, lead, moment(at) if at else None)
    except (explaining.UnknownLead, ValueError) as wrong:
        fail(str(wrong))
    typer.echo(json.dumps(found.as_json(), indent=2, default=str) if as_json else explaining.as_text(found))


@commands.command()
def replay(
    handoff_ids: Annotated[list[str], typer.Argument(metavar="HANDOFF…", help="Ids of handoffs, e.g. ho_3f…")],
    by: Annotated[
        int | None, typer.Option("--by-load", help="Decide by another load of the agreement than the one of then.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide handoffs again from what was known then, and prove that the decision is the same, byte for byte.

    It is the first assignment of each; `handoff route explain LEAD` has the reasons of those that followed. Exit 0 when
    all are the same; 1 with each difference, and with each that cannot be decided again, otherwise.
    """
    from handoff.ledger.db import connect
    from handoff.route import replay as replaying

    use_local_connections()
    different, unknown = 0, 0
    with connect() as connection:
        for handoff_id in handoff_ids:
            try:
                found = replaying.replay(connection, handoff_id, by)
            except replaying.CannotReplay as why:
                typer.secho(str(why), fg=typer.colors.RED, err=True)
                unknown += 1
                continue
            different += not found.is_equal
            if as_json:
                typer.echo(json.dumps(asdict(found), indent=2, default=str))
            elif found.is_equal:
                typer.echo(f"{handoff_id}: the same, byte for byte ({len(found.then):,} bytes as of {found.as_of})")
            else:
                typer.echo("\n  ".join([f"{handoff_id}: differs", *map(str, found.differences)]))
    if different or unknown:
        raise typer.Exit(1)
