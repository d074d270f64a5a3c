"""Start Superset beside the stack, over the marts that the stack builds."""

import os
import subprocess

from handoff import connections
from handoff.ledger import db, migrate
from handoff.local import health, processes, progress, stack, state, supervisor
from handoff.local.stack import CannotStart
from handoff.local.state import Layout
from handoff.review.run import build_marts
from handoff.settings import REPOSITORY, settings

PYTHON = REPOSITORY / ".venv-bi" / "bin" / "python"
READY_S = 300
"""It answers within 15 s, and on a busy machine much later."""
DASHBOARD = "superset/dashboard/handoff/"


def up() -> str:
    """Bring up the stack, then Superset with what `assets/` holds, and return the dashboard's address.

    Raises:
        CannotStart: the message says why and what to do.
    """
    if not PYTHON.exists():
        raise CannotStart("Superset is not installed: `make bi` installs and starts it.")
    where = stack.up()
    # Its database is a file, which nobody may use while it is brought up to date.
    supervisor.stop_component(where, supervisor.BI)
    check_port()
    with progress.step("Marts"):
        _build_marts()
    with progress.step("Superset's own database, and the dashboard from its files"):
        migrate.allow_reading(connections.get(connections.ADMIN).dsn, connections.get(connections.BI))
        prepare(where)
    with progress.step(f"Superset on http://127.0.0.1:{settings().bi_port}"):
        supervisor.start_component(where, supervisor.BI)
        if not progress.wait(lambda: health.superset(settings()), timeout_s=READY_S):
            raise CannotStart(f"Superset does not answer within {READY_S} s: see {where.logs / 'superset.log'}")
    return f"http://127.0.0.1:{settings().bi_port}/{DASHBOARD}"


def prepare(where: Layout) -> None:
    """Make or update Superset's database in its own environment, with this process's variables; takes half a minute.

    Raises:
        CannotStart: the message names the log.
    """
    where.superset.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = where.logs / "superset-prepare.log"
    # Of all connections it is given the reader's.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW") or name == f"AIRFLOW_CONN_{connections.BI.upper()}"
    }
    command = [str(PYTHON), "-m", "handoff.bi.inside.prepare"]
    with log.open("w") as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise CannotStart(f"Superset's database could not be prepared: see {log}")


def password(where: Layout) -> str:
    """Of Superset's user `admin`."""
    return state.read_secrets(where).superset_admin


def check_port() -> None:
    """Nobody else listens where Superset is to.

    Raises:
        CannotStart: somebody does; the message names who, and another port.
    """
    port, listening = settings().bi_port, processes.listeners()
    if port in listening:
        raise CannotStart(
            f"Port {port} is in use by {processes.describe(listening[port])}: "
            f"stop it, or choose another with HANDOFF_BI_PORT={port + 1000}."
        )


def _build_marts() -> None:
    """Only where there are none yet: `handoff_marts` builds them each quarter of an hour."""
    with db.connect() as connection:
        row = connection.execute("select to_regclass('marts.rpt_weekly_review') is null as lacks").fetchone()
        if row and row["lacks"]:
            build_marts(connection)
