"""What waits to be told to the outside world."""

from datetime import datetime
from typing import Annotated

import typer

from handoff.cli.shared import fail, use_local_connections

commands = typer.Typer(help="Messages and write-backs: each is a row of handoff.outbox.", no_args_is_help=True)


@commands.callback()
def outbox() -> None:
    """Messages and write-backs: each is a row of handoff.outbox."""


@commands.command()
def retry(
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Each one's dedupe_key.")],
) -> None:
    """Try again what was given up, after its cause has been corrected: a rep's id in reps.csv, a channel, a scope.

    It goes to where the agreement and the connections say now. What arrived in spite of all is found and not sent a
    second time; what nobody needs any more is refused.
    """
    from handoff import clock
    from handoff.ledger import again
    from handoff.ledger.db import connect

    use_local_connections()
    refused = []
    with connect() as connection:
        for key in keys:
            try:
                again.retry(connection, key, clock.now())
            except again.CannotRetry as why:
                refused.append(str(why))
            else:
                typer.echo(f"{key} is due again; the next run of the line sends it.")
    if refused:
        fail("\n".join(refused))


@commands.command()
def restored(
    dumped_at: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="When the dump was begun: 2026-11-25T03:00:00+0000."),
    ],
) -> None:
    """After an older dump of the ledger was restored, and before the line runs again: look before sending.

    What waited when the dump was made may have gone out since. Each of these is looked for in Slack or HubSpot first,
    and sent only if it is not there. docs/operations.md has the steps before and after.
    """
    from handoff import clock
    from handoff.ledger import again
    from handoff.ledger.db import connect

    use_local_connections()
    now = clock.now()
    if dumped_at > now:
        fail(f"--dumped-at {dumped_at.isoformat()} is in the future")
    with connect() as connection:
        typer.echo(f"{again.doubt(connection, dumped_at, now)} effects are looked for before they are sent.")
