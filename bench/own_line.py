"""A line of its own for one measurement: a scratch Postgres, an empty sandbox and the stations, without Airflow."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from handoff import clock, connections
from handoff.ledger import db
from handoff.local import airflow_env, scratch
from handoff.settings import settings
from sandbox.settings import PORTAL_ID, Settings
from sandbox.testing import RunningSandbox, running_sandbox

Say = Callable[[str], None]
"""Is told about progress, in a few words."""
DATABASE = "handoff"
STATIONS = ("gate", "enrich", "qualify", "route", "notify", "sync")


@dataclass(frozen=True)
class OwnLine:
    """What is running; the connections in the environment point at it."""

    sandbox: RunningSandbox
    connection: db.Connection
    """As `handoff_app`."""


@contextmanager
def own_line(contacts: int = 0, limits: bool = False, **sandbox_environment: str) -> Iterator[OwnLine]:
    """Start everything, and stop it when the block ends. The environment is as before afterwards.

    Args:
        limits: whether the vendors' rate limits hold.
    """
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="handoff-bench-"))
        cluster = stack.enter_context(scratch.cluster())
        cluster.create(DATABASE)
        cluster.migrate(DATABASE)
        sandbox = stack.enter_context(running_sandbox(contacts=contacts, limits=limits, **sandbox_environment))
        wanted = {
            **airflow_env.TELEMETRY_OFF,
            **airflow_env.AIRFLOW,
            "AIRFLOW_HOME": f"{home}/airflow",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "DBT_QUIET": "true",
            "HANDOFF_HOME": home,
            "HANDOFF_DBT_TARGET": f"{home}/dbt",
            "HANDOFF_CRM_URL": f"{sandbox.url}/crm",
            **cluster.environment(DATABASE),
            **_vendors(sandbox.url),
        }
        stack.enter_context(_environment(wanted))
        yield OwnLine(sandbox, stack.enter_context(db.connect()))


def load_agreement() -> dict[str, Any]:
    """Load the written agreement; from this moment on behaviour may page someone."""
    from handoff import agreement

    return agreement.load(clock.now())


def run(connection: db.Connection, run_id: str) -> int:
    """Run every station once; returns the number of leads that are pending afterwards."""
    from handoff import stations

    if stations.extract(run_id) is not None:
        for station in STATIONS:
            getattr(stations, station)(run_id)
    row = connection.execute("select count(*) as leads from handoff.pending_leads").fetchone()
    return int(row["leads"]) if row else 0


def judge_as_if_always_live(connection: db.Connection) -> None:
    """Decide about every lead again as if the agreement had been live before they acted; nothing is routed or sent."""
    from handoff.qualify import dbt

    with db.connect(connections.ADMIN) as admin:
        admin.execute("update handoff.go_live set live_at = '-infinity'")
    dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=clock.now(), as_loaded=True)


def end_on_signals() -> None:
    """Let a TERM unwind every block, so that what was started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _vendors(url: str) -> dict[str, str]:
    sandbox = Settings()
    values: dict[str, dict[str, Any]] = {
        connections.HUBSPOT: {
            "conn_type": "http",
            "host": url,
            "password": sandbox.hubspot_token,
            "extra": {"portal_id": str(PORTAL_ID), "client_secret": sandbox.hubspot_secret},
        },
        connections.SLACK: {
            "conn_type": "slack",
            "password": sandbox.slack_token,
            "extra": {"base_url": f"{url}/api/", "channel": "#mql-handoffs", "review_channel": "#revenue-review"},
        },
        connections.APOLLO: {"conn_type": "http", "host": url, "password": sandbox.apollo_key},
    }
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in values.items()}


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        settings.cache_clear()
