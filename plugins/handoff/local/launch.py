"""Start one component: end what an earlier, killed instance of it left behind, wait for the database, then become it.

    HANDOFF_COMPONENT=scheduler python -m handoff.local.launch airflow scheduler

The supervisor restarts a component the moment it dies; what that instance had forked may live on (a task process ends
up in a group of its own) and must not work beside the new one.
"""

import os
import sys
import time

from handoff.local import postgres, processes, state
from handoff.local.supervisor import BI
from handoff.settings import settings

PATIENCE_S = 60


def main(arguments: list[str]) -> None:
    """Replace this process by the component; `postgres` alone stands for the embedded server's own command."""
    configured = settings()
    where = state.layout(configured)
    component = os.environ["HANDOFF_COMPONENT"]
    processes.end(processes.of(where, component), patience_s=0)
    if component == "postgres":
        command = postgres.server_command(where.data, configured.postgres_port)
    else:
        command = arguments
        if arguments[0] == "airflow":
            _await_postgres(postgres.superuser_dsn(configured.postgres_port, state.read_secrets(where).postgres))
    os.execvpe(command[0], command, _environment(component))


def _environment(component: str) -> dict[str, str]:
    """What the component inherits: everything, but for the dashboard, which needs no connection and gets none."""
    if component != BI:
        return dict(os.environ)
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}


def _await_postgres(dsn: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not postgres.is_ready(dsn):
        if time.monotonic() > deadline:
            sys.exit(f"Postgres did not answer within {PATIENCE_S} s")
        time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1:])
