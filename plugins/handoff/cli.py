"""`handoff …`: each command is a few lines over a function that a DAG or a test could call as well."""

import json
import os
import subprocess
from typing import Annotated, NoReturn

import typer

from handoff.settings import settings

app = typer.Typer(
    help="From the moment a lead qualifies to the message a rep acts on, and the clock after it.\n\n"
    "Start with `handoff up`; `handoff status` shows the line at work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database = typer.Typer(help="The ledger's database.", no_args_is_help=True)
app.add_typer(database, name="db")
written = typer.Typer(help="The written agreement: dbt_project/seeds/agreement.", no_args_is_help=True)
app.add_typer(written, name="agreement")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for a script.")]


@app.command()
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
        _fail(str(failed))


@app.command()
def down() -> None:
    """Stop every process of the stack, and keep its data."""
    from handoff.local import stack

    stack.down()
    typer.echo("Stopped. The data is kept: `handoff up` goes on from here.")


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop, and delete the database, the logs, the secrets and the demo company."""
    from handoff.local import stack

    if not yes:
        typer.confirm(f"Delete everything in {settings().home}?", abort=True)
    try:
        stack.reset()
    except stack.CannotStart as failed:
        _fail(str(failed))
    typer.echo("Deleted. `handoff up` starts afresh.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show each component, each station's counts and the last latencies; exit 0 when all is healthy, else 1."""
    from handoff.local import show, stack
    from handoff.local import status as reading

    try:
        where = stack.activate()
    except FileNotFoundError:
        _fail(f"Nothing has been started in {settings().home}: run `handoff up`.")
    found = reading.read(where)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2, default=str))
    else:
        show.status(found)
    raise typer.Exit(0 if found.is_healthy else 1)


@app.command()
def explain(
    lead: Annotated[str, typer.Argument(help="A HubSpot contact id, or an e-mail address.")], as_json: AsJson = False
) -> None:
    """Say why a lead is, or is not, an MQL, and what became of it: every point, clause and handoff."""
    from handoff import explain as explaining
    from handoff.ledger.db import connect

    _use_local_connections()
    try:
        with connect() as connection:
            found = explaining.explain(connection, lead)
    except explaining.UnknownLead as unknown:
        _fail(str(unknown))
    typer.echo(json.dumps(found.as_json(), indent=2, default=str) if as_json else explaining.as_text(found))


@app.command()
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
        _fail(f"There is no log of {component!r}; there is one of: {', '.join(names) or 'nothing yet'}.")
    if not names:
        _fail(f"There are no logs in {where.logs} yet: run `handoff up`.")
    files = [str(where.logs / f"{name}.log") for name in ([component] if component else names)]
    arguments = ["tail", f"-n{lines}", *(["-F"] if follow else []), *files]
    os.execvp(arguments[0], arguments)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(context: typer.Context) -> None:
    """Run a command with the components' environment, e.g. `handoff run airflow dags list`."""
    from handoff.local import stack

    stack.activate()
    if not context.args:
        _fail("Give a command, e.g. `handoff run airflow dags list`.")
    raise typer.Exit(subprocess.run(context.args, check=False).returncode)


@database.command()
def create() -> None:
    """Make the databases `airflow` and `handoff` on an empty server, and Airflow's role; what exists stays.

    Needs the connection handoff_admin (AIRFLOW_CONN_HANDOFF_ADMIN) and, for the role's password,
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN.
    """
    from dataclasses import replace
    from urllib.parse import unquote, urlsplit

    from handoff import connections
    from handoff.local import postgres

    _use_local_connections()
    password = unquote(urlsplit(os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")).password or "")
    if not password:
        _fail("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN holds no password for the role airflow.")
    admin = replace(connections.get(connections.ADMIN), schema="postgres")
    postgres.create_databases(admin.dsn, password)
    typer.echo("The databases airflow and handoff exist.")


@database.command()
def migrate() -> None:
    """Bring the ledger's schema to this code's revision, and set the roles' passwords.

    Needs the connections handoff_admin, handoff_db and handoff_dbt (AIRFLOW_CONN_HANDOFF_ADMIN …); the local stack
    has them.
    """
    from handoff import connections
    from handoff.ledger import migrate as ledger

    _use_local_connections()
    admin = connections.get(connections.ADMIN).dsn
    revision = ledger.migrate(admin)
    ledger.allow_login(admin, connections.get(connections.DB), connections.get(connections.DBT))
    typer.echo(f"The ledger is at revision {revision}.")


@written.command()
def load(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Also rebuild the line's tables from raw.")] = False,
) -> None:
    """Load the agreement as it stands in this checkout, after its tests have passed; nobody is paged for the past."""
    from handoff import agreement, clock
    from handoff.qualify.dbt import DbtFailed

    _use_local_connections()
    try:
        counts = agreement.load(clock.now(), full_refresh=rebuild)
    except DbtFailed as failed:
        _fail(f"The agreement was not loaded. {failed}")
    typer.echo(", ".join(f"{name}: {value}" for name, value in counts.items()))


def _use_local_connections() -> None:
    """Outside of Airflow, and unless the caller's environment names a database, the local stack's is meant."""
    from handoff.local import stack

    if "AIRFLOW_CONN_HANDOFF_DB" not in os.environ:
        try:
            stack.activate()
        except FileNotFoundError:
            _fail(f"Nothing has been started in {settings().home}: run `handoff up`.")


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg=typer.colors.RED, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
