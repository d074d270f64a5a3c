"""Airflow imports this in each of its processes; in those that fork tasks it loads, once, what every task needs.

A task is forked from the scheduler (LocalExecutor) or from a Celery worker and inherits their modules: importing
Great Expectations takes 5 s and dbt 2.6 s, as long as the whole line may take.
"""

import gc
import importlib
import logging
import sys

from airflow.configuration import conf
from sqlalchemy import event
from sqlalchemy.orm.attributes import flag_modified

from handoff.local import orphans

PRELOADED = (
    "airflow.api_fastapi.auth.managers.models.resource_details",
    "airflow.providers.common.compat.assets",
    "airflow.providers.common.compat.standard.operators",
    "airflow.providers.common.io.version_compat",
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.decorators.short_circuit",
    "airflow.providers.standard.operators.python",
    "airflow.sdk._shared.logging",
    "airflow.sdk.bases.branch",
    "airflow.sdk.bases.decorator",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.definitions.connection",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.execution_time.timeout",
    "babel.dates",
    "dbt.adapters.postgres",
    "dbt.cli.main",
    "dbt.parser.sql",
    "dbt.task.run",
    "dbt_common.clients.agate_helper",
    "great_expectations",
    "handoff.airflow_kit",
    "handoff.enrich.run",
    "handoff.extract.backfill",
    "handoff.extract.gate",
    "handoff.extract.run",
    "handoff.extract.settle",
    "handoff.extract.sweep",
    "handoff.gates.run",
    "handoff.notify.deliver",
    "handoff.qualify.run",
    "handoff.review.run",
    "handoff.route.run",
    "handoff.stations",
    "handoff.sync.writeback",
    "handoff.watch.run",
)


def forks_tasks(argv: list[str]) -> bool:
    """Whether this process is a Celery worker, or the scheduler of a LocalExecutor."""
    if argv[1:2] == ["scheduler"]:
        return bool(conf.get("core", "executor") == "LocalExecutor")
    return argv[1:3] == ["celery", "worker"]


def write_run_limits_always() -> None:
    """Let the scheduler write "this DAG has all the runs it may have" also where it believes it written.

    While a run is active, the DAG processor notes that a DAG with `max_active_runs=1` is full. The scheduler clears the
    note when the run ends, but not if it read the row before the note was made: the ORM then sees no change, and the
    line stands still until the file is parsed again, half a minute later.
    See https://github.com/apache/airflow/issues/56050 and https://github.com/apache/airflow/pull/71998
    """
    from airflow.models.dag import DagModel

    @event.listens_for(DagModel.exceeds_max_non_backfill, "set")
    def write(row: DagModel, *_: object) -> None:
        flag_modified(row, "exceeds_max_non_backfill")


if forks_tasks(sys.argv):
    for module in PRELOADED:
        importlib.import_module(module)
    importlib.import_module("handoff.clients.tls").trusted()
    try:
        importlib.import_module("handoff.qualify.dbt").warm()
    except Exception:
        # Only a head start: without it, as on a worker without the database's connection, tasks do the same later.
        logging.getLogger(__name__).warning("dbt could not be warmed up", exc_info=True)
    # Objects that the collector never visits again stay on pages that parent and children share.
    gc.collect()
    gc.freeze()

if forks_tasks(sys.argv) and sys.argv[1] == "scheduler":
    # Not in a Celery worker: it forks from a thread that ends before its last tasks do.
    orphans.leave_none()

if sys.argv[1:2] == ["scheduler"]:
    write_run_limits_always()

__all__: list[str] = []
