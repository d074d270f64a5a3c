"""Bring the schemas `raw` and `handoff` to this code's revision, and let the roles log in."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from handoff import connections

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(admin_dsn: str) -> str:
    """Apply every migration that is missing, each in its own transaction, and return the revision reached.

    Args:
        admin_dsn: libpq URI of a role that may create roles and schemas.
    """
    engine = create_engine(admin_dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        # Alembic keeps its version table in the schema that its first migration would otherwise have to create.
        connection.execute(text("create schema if not exists handoff"))
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        revision: str = connection.execute(text("select version_num from handoff.alembic_version")).scalar_one()
    return revision


READER = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "marts",
    "timezone": "UTC",
}
"""What a session of `bi_reader` starts with: a dashboard left open, or a query gone wrong, costs the line nothing."""
READER_SESSIONS = 20


def allow_login(admin_dsn: str, *credentials: connections.Credentials) -> None:
    """Give each role the password that its connection will present; a production database may do this itself."""
    with psycopg.connect(admin_dsn) as connection:
        for each in credentials:
            connection.execute(
                sql.SQL("alter role {} login password {}").format(
                    sql.Identifier(each.login or ""), sql.Literal(each.password)
                )
            )


def allow_reading(admin_dsn: str, reader: connections.Credentials) -> None:
    """Let `bi_reader` log in with its connection's password, within limits; what it may read are the marts' grants."""
    allow_login(admin_dsn, reader)
    role = sql.Identifier(reader.login or "")
    with psycopg.connect(admin_dsn) as connection:
        connection.execute(sql.SQL("alter role {} connection limit {}").format(role, sql.Literal(READER_SESSIONS)))
        for name, value in READER.items():
            connection.execute(
                sql.SQL("alter role {} set {} = {}").format(role, sql.Identifier(name), sql.Literal(value))
            )
