"""The local stack: start it, look at it, stop it."""

import json
import os
import subprocess
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, fail
from handoff.settings import settings

commands = typer.Typer()


@commands.command()
def up() -> None:
    """Start the whole stack here, and prove it: a demo request goes in, a Slack message comes out.

    Postgres, the sandbox (HubSpot, Slack and Apollo in one process) and Airflow, all on 127.0.0.1. Twice is harmless.
    Settings: HANDOFF_HOME, HANDOFF_POSTGRES_PORT, HANDOFF_AIRFLOW_PORT, HANDOFF_SANDBOX_PORT, HANDOFF_DEMO_CONTACTS
    (3000 in the history) and HANDOFF_DEMO_LIFE (6 things that visitors do per minute).
    A real account is connected with AIRFLOW_CONN_HUBSPOT, AIRFLOW_CONN_SLACK or AIRFLOW_CONN_APOLLO.
    """
    from handoff.local import proof, stack

    try:
        stack.up()
        proof.prove()
    except (stack.CannotStart, proof.Unproven, PermissionError, ValueError) as failed:
        fail(str(failed))


@commands.command()
def down() -> None:
    """Stop every process of the stack, and keep its data."""
    from handoff.local import stack

    stack.down()
    typer.echo("Stopped. The data is kept: `handoff up` goes on from here.")


@commands.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop, and delete the database, the logs, the secrets and the demo company."""
    from handoff.local import stack

    if not yes:
        typer.confirm(f"Delete everything in {settings().home}?", abort=True)
    try:
        stack.reset()
    except stack.CannotStart as failed:
        fail(str(failed))
    typer.echo("Deleted. `handoff up` starts afresh.")


@commands.command()
def status(as_json: AsJson = False) -> None:
    """Show each component, what waits and for how long, what is wrong, and the last latencies.

    Exit 0 when all is well, 1 when something needs a person, 2 when nothing gets through. Where the environment names a
    ledger and there is no local stack, as in Compose, it shows all but the components.
    """
    from handoff.local import show, stack
    from handoff.local import status as reading

    try:
        where = stack.activate()
    except FileNotFoundError:
        where = None
    if where is None and "AIRFLOW_CONN_HANDOFF_DB" not in os.environ:
        fail(f"Nothing has been started in {settings().home}: run `handoff up`.")
    found = reading.read(where)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2, default=str))
    else:
        show.status(found)
    raise typer.Exit(found.exit_code)


@commands.command()
def logs(
    component: Annotated[str, typer.Argument(help="A component as `handoff status` names it; without one, all.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines arrive.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="Lines from the end of each file.")] = 50,
) -> None:
    """Show what the components print; a task's own log is in the Airflow UI."""
    from handoff.local import state

    where = state.layout(settings())
    names = sorted(path.stem for path in where.logs.glob("*.log"))
    if component and component not in names:
        fail(f"There is no log of {component!r}; there is one of: {', '.join(names) or 'nothing yet'}.")
    if not names:
        fail(f"There are no logs in {where.logs} yet: run `handoff up`.")
    files = [str(where.logs / f"{name}.log") for name in ([component] if component else names)]
    arguments = ["tail", f"-n{lines}", *(["-F"] if follow else []), *files]
    os.execvp(arguments[0], arguments)


@commands.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(context: typer.Context) -> None:
    """Run a command with the components' environment, e.g. `handoff run airflow dags list`."""
    from handoff.local import stack

    stack.activate()
    if not context.args:
        fail("Give a command, e.g. `handoff run airflow dags list`.")
    raise typer.Exit(subprocess.run(context.args, check=False).returncode)
