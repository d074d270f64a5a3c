"""Start, stop and remove the local stack. Every function may be called in any state, twice or after a crash."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from handoff import clock, connections
from handoff.local import airflow_env, checks, health, postgres, processes, progress, state, supervisor
from handoff.local.state import Layout
from handoff.settings import settings

READY_S = 300
SOURCES = {".csv", ".sql", ".yml"}
PORTS = ("HANDOFF_POSTGRES_PORT", "HANDOFF_AIRFLOW_PORT", "HANDOFF_SANDBOX_PORT", "HANDOFF_BI_PORT")


class CannotStart(RuntimeError):
    """The stack cannot start, or a component does not become healthy; the message says why and what to do."""


def activate() -> Layout:
    """Give this process the components' environment, so that the command line sees what they see.

    The ports are those that the stack was started on, unless this process names others.

    Raises:
        FileNotFoundError: the stack has never been started.
    """
    where = state.layout(settings())
    started_with = state.read_environment(where)
    for name in PORTS:
        if name in started_with:
            os.environ.setdefault(name, started_with[name])
    settings.cache_clear()
    os.environ.update(airflow_env.environment(settings(), where, state.read_secrets(where), os.environ))
    return where


def up() -> Layout:
    """Bring every component up and healthy, with the schema and the agreement of this code.

    Raises:
        CannotStart
    """
    where = state.layout(settings())
    found = checks.problems(settings(), where, is_up=supervisor.is_running(where))
    if found:
        raise CannotStart("\n".join(found))
    secrets = state.prepare(where)
    environment = airflow_env.environment(settings(), where, secrets, os.environ)
    if supervisor.is_running(where) and _differs(environment, state.read_environment(where)):
        with progress.step("Stop, because settings have changed"):
            down()
    state.write_environment(where, environment)
    os.environ.update(environment)
    admin = postgres.superuser_dsn(settings().postgres_port, secrets.postgres)

    with progress.step(f"Postgres on 127.0.0.1:{settings().postgres_port}, sandbox on {settings().sandbox_port}"):
        if not supervisor.is_running(where):
            processes.end(processes.of(where), patience_s=5)
            postgres.create_cluster(where.data, secrets.postgres)
            supervisor.start(where, environment)
        for component in ("postgres", "sandbox"):
            supervisor.start_component(where, component)
        _await(where, "postgres", lambda: postgres.is_ready(admin))
        postgres.create_databases(admin, secrets.airflow)
        _await(where, "sandbox", lambda: health.sandbox(settings()))
    with ThreadPoolExecutor(1) as pool:
        with progress.step("Ledger and written agreement"):
            metadata = pool.submit(_migrate_airflow, admin, where)
            _migrate_ledger(connections.get(connections.ADMIN).dsn)
            _load_agreement(connections.get(connections.ADMIN).dsn)
        with progress.step("Airflow's metadata"):
            metadata.result()
    with progress.step(f"Airflow on http://127.0.0.1:{settings().airflow_port}") as say:
        for component in (*supervisor.AIRFLOW, supervisor.WATCHDOG):
            supervisor.start_component(where, component)
        _await(where, "Airflow", lambda: _airflow_is_healthy(where, say))
    return where


def down() -> None:
    """Stop every process of this home, with or without a living supervisor. Data stays."""
    where = state.layout(settings())
    if supervisor.is_running(where):
        supervisor.stop(where)
    # Tasks run in process groups of their own, and a killed supervisor leaves everything behind.
    rest = processes.of(where)
    processes.end([each for each in rest if not _is_postgres(each.pid, where)], patience_s=5)
    processes.end(processes.of(where), patience_s=20)
    where.socket.unlink(missing_ok=True)


def reset() -> None:
    """Stop, and delete the state: the database, the logs, the secrets, the sandbox's company."""
    where = state.layout(settings())
    down()
    if where.home.exists() and not where.secrets.exists():
        raise CannotStart(f"{where.home} holds no secrets.json, so it is not this stack's: delete it by hand.")
    shutil.rmtree(where.home, ignore_errors=True)
    if where.socket.parent != where.run:
        shutil.rmtree(where.socket.parent, ignore_errors=True)


def _differs(wanted: dict[str, str], started_with: dict[str, str]) -> bool:
    """Whether the running components have other settings; what merely differs between shells is not one."""
    names = (wanted.keys() | started_with.keys()) - set(airflow_env.INHERITED)
    return any(wanted.get(name) != started_with.get(name) for name in names)


def _migrate_ledger(admin: str) -> None:
    # Imported here: Alembic takes as long to import as `handoff status` needs for all the rest.
    from handoff.ledger import migrate

    migrate.migrate(admin)
    migrate.allow_login(admin, connections.get(connections.DB), connections.get(connections.DBT))


def _load_agreement(admin: str) -> None:
    """Load the agreement unless this very checkout's was loaded today; the schema itself says which one it has."""
    # Calendars reach a fixed number of days ahead of the day they are built on.
    wanted = f"loaded from {_digest(settings().dbt_project)} on {clock.now():%Y-%m-%d}"
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute("select obj_description('agreement'::regnamespace, 'pg_namespace')").fetchone()
        if row and row[0] == wanted:
            return
        _build_agreement()
        connection.execute(sql.SQL("comment on schema agreement is {}").format(sql.Literal(wanted)))


def _digest(directory: Path) -> str:
    """A hash over every source file of the dbt project, by name and content."""
    found = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.suffix in SOURCES and not {"target", "logs"} & set(path.relative_to(directory).parts):
            found.update(f"{path.relative_to(directory)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _build_agreement() -> None:
    # Imported here: dbt takes two seconds to import, and no other command needs it.
    from handoff import agreement
    from handoff.qualify.dbt import DbtFailed

    os.environ["DBT_QUIET"] = "true"
    try:
        agreement.load(clock.now())
    except DbtFailed as failed:
        raise CannotStart(f"The agreement could not be loaded. {failed}") from failed


def _migrate_airflow(admin: str, where: Layout) -> None:
    """`airflow db migrate`, once per version: the database itself says which one it has."""
    wanted = f"airflow {version('apache-airflow')}"
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = 'airflow'"
        ).fetchone()
        if row and row[0] == wanted:
            return
        # What runs had another database, or none: each component must begin with this one.
        for component in supervisor.AIRFLOW:
            supervisor.stop_component(where, component)
        log = where.logs / "airflow-db-migrate.log"
        with log.open("w") as output:
            airflow = str(Path(sys.prefix) / "bin" / "airflow")
            done = subprocess.run([airflow, "db", "migrate"], stdout=output, stderr=output, check=False)
        if done.returncode:
            raise CannotStart(f"`airflow db migrate` failed: see {log}")
        connection.execute(sql.SQL("comment on database airflow is {}").format(sql.Literal(wanted)))


def _airflow_is_healthy(where: Layout, say: progress.Say) -> bool:
    healthy = health.airflow(settings())
    # A heartbeat stays fresh for half a minute after its process died; the supervisor knows at once.
    running = {each.name for each in supervisor.components(where) if each.state == "RUNNING"}
    waiting = [name for name in supervisor.AIRFLOW if not (healthy[name] and name in running)]
    say(f"waiting for {', '.join(waiting)}" if waiting else "healthy")
    return not waiting


def _await(where: Layout, what: str, is_ready: Callable[[], bool]) -> None:
    if not progress.wait(is_ready, timeout_s=READY_S):
        raise CannotStart(f"{what} did not become healthy within {READY_S} s: see {where.logs}")


def _is_postgres(pid: int, where: Layout) -> bool:
    return pid in {process.pid for process in processes.of(where, "postgres")}
