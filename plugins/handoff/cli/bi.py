"""The dashboard."""

import typer

from handoff.cli.shared import fail

commands = typer.Typer()


@commands.command()
def bi() -> None:
    """Start Superset on the marts, with its dashboard from the repository's files; and the stack, if it is down.

    Superset is installed by `make bi`. What was edited under the ids of the files is overwritten; a copy is kept.
    Settings: HANDOFF_BI_PORT.
    """
    from handoff.bi import run
    from handoff.local import stack, state
    from handoff.settings import settings

    try:
        address = run.up()
    except (stack.CannotStart, PermissionError, ValueError) as failed:
        fail(str(failed))
    typer.echo(f"  {address}\n  Sign in as admin, password {run.password(state.layout(settings()))}")
