"""A throwaway Postgres with the ledger's schema, for a test run or for one command that needs a database.

python -m handoff.local.scratch dbt parse --project-dir dbt_project
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from handoff import connections
from handoff.ledger import migrate
from handoff.local import postgres, processes, progress

PASSWORD = "scratch"
START_S = 30


@dataclass(frozen=True)
class Cluster:
    """A running server on 127.0.0.1; every role's password is `PASSWORD`."""

    port: int

    def dsn(self, database: str = "postgres", role: str = postgres.SUPERUSER) -> str:
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str | None = None) -> None:
        """Make a database, empty or as a copy of a template, whose sessions are ended."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            _end_sessions(connection, template)
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(database), sql.Identifier(template or "template1")
                )
            )

    def rename(self, database: str, name: str) -> None:
        """Give a database another name; its sessions are ended."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            _end_sessions(connection, database)
            connection.execute(
                sql.SQL("alter database {} rename to {}").format(sql.Identifier(database), sql.Identifier(name))
            )

    def has(self, database: str) -> bool:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone()
            return found is not None

    def drop(self, database: str) -> None:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))

    def migrate(self, database: str) -> None:
        """Bring the ledger's schema into a database, and let the roles log in."""
        migrate.migrate(self.dsn(database))
        values = self.connections(database)
        roles = [connections.Credentials(each, "", login=values[each]["login"], password=PASSWORD) for each in values]
        migrate.allow_login(self.dsn(database), *(role for role in roles if role.login != postgres.SUPERUSER))

    def connections(self, database: str) -> dict[str, dict[str, str]]:
        """The four Postgres connections in their JSON form, by connection id."""
        logins = {
            connections.DB: "handoff_app",
            connections.DBT: "handoff_dbt",
            connections.BI: "bi_reader",
            connections.ADMIN: postgres.SUPERUSER,
        }
        return {
            conn_id: {
                "conn_type": "postgres",
                "host": "127.0.0.1",
                "port": str(self.port),
                "login": login,
                "password": PASSWORD,
                "schema": database,
            }
            for conn_id, login in logins.items()
        }

    def environment(self, database: str) -> dict[str, str]:
        """`AIRFLOW_CONN_*` of the four Postgres connections."""
        return {
            f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(value)
            for conn_id, value in self.connections(database).items()
        }


@contextmanager
def cluster(where: Path | None = None) -> Iterator[Cluster]:
    """Start a server in a temporary directory and remove both at the end. Durability is off: a crash loses it all.

    Args:
        where: the directory's parent; the system's own by default.
    """
    with tempfile.TemporaryDirectory(prefix="handoff-scratch-", dir=where, ignore_cleanup_errors=True) as directory:
        data = Path(directory) / "postgres" / "data"
        postgres.create_cluster(data, PASSWORD)
        started = Cluster(free_port())
        command = postgres.server_command(
            data,
            started.port,
            fsync="off",
            synchronous_commit="off",
            full_page_writes="off",
            shared_buffers="64MB",
            max_wal_size="512MB",
        )
        log = Path(directory) / "postgres.log"
        with log.open("w") as output:
            server = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            if not progress.wait(lambda: postgres.is_ready(started.dsn()), timeout_s=START_S, interval_s=0.05):
                raise RuntimeError(f"the scratch Postgres did not start: {log.read_text()}")
            yield started
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_S)
            processes.end(processes.postgres_in(data), patience_s=0)


def _end_sessions(connection: psycopg.Connection[Any], database: str | None) -> None:
    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database,))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str]) -> int:
    """Run a command beside a scratch database, with what dbt's profile and our connections read in its environment."""
    from handoff.qualify import dbt

    with cluster() as scratch:
        scratch.create("handoff")
        scratch.migrate("handoff")
        os.environ.update(scratch.environment("handoff"))
        with dbt.environment(None):
            return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
