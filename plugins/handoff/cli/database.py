"""The databases."""

import os
from typing import Annotated

import typer

from handoff.cli.shared import fail, use_local_connections

commands = typer.Typer(help="The ledger's database.", no_args_is_help=True)


@commands.command()
def create() -> None:
    """Make the databases `airflow` and `handoff` on an empty server, and Airflow's role; what exists stays.

    Needs the connection handoff_admin (AIRFLOW_CONN_HANDOFF_ADMIN) and, for the role's password,
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN.
    """
    from dataclasses import replace
    from urllib.parse import unquote, urlsplit

    from handoff import connections
    from handoff.local import postgres

    use_local_connections()
    password = unquote(urlsplit(os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")).password or "")
    if not password:
        fail("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN holds no password for the role airflow.")
    admin = replace(connections.get(connections.ADMIN), schema="postgres")
    postgres.create_databases(admin.dsn, password)
    typer.echo("The databases airflow and handoff exist.")


@commands.command()
def migrate() -> None:
    """Bring the ledger's schema to this code's revision, and set the roles' passwords.

    Needs the connections handoff_admin, handoff_db and handoff_dbt (AIRFLOW_CONN_HANDOFF_ADMIN …); the local stack
    has them.
    """
    from handoff import connections
    from handoff.ledger import migrate as ledger

    use_local_connections()
    admin = connections.get(connections.ADMIN).dsn
    revision = ledger.migrate(admin)
    ledger.allow_login(admin, connections.get(connections.DB), connections.get(connections.DBT))
    typer.echo(f"The ledger is at revision {revision}.")


@commands.command()
def reader(
    with_password: Annotated[bool, typer.Option("--with-password", help="Say the password too.")] = False,
) -> None:
    """Let `bi_reader` log in, and say how to connect a BI tool: it reads the marts and nothing else.

    Needs the connections handoff_admin and handoff_bi (AIRFLOW_CONN_HANDOFF_BI, login bi_reader); the local stack has
    both, with a password of its own making.
    """
    from dataclasses import replace

    from handoff import connections
    from handoff.ledger import migrate as ledger

    use_local_connections()
    found = connections.get(connections.BI)
    ledger.allow_reading(connections.get(connections.ADMIN).dsn, found)
    typer.echo((found if with_password else replace(found, password=None)).dsn)
