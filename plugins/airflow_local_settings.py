"""Airflow imports this in each of its processes; in those that fork tasks it loads, once, what every task needs.

A task is forked from the scheduler (LocalExecutor) or from a Celery worker and inherits their modules: importing
Great Expectations takes 5 s and dbt 2.6 s, as long as the whole line may take.
"""

import gc
import importlib
import logging
import sys

from airflow.configuration import conf

from handoff.local import orphans

PRELOADED = (
    "dbt.cli.main",
    "dbt.adapters.postgres",
    "great_expectations",
    "handoff.enrich.run",
    "handoff.extract.gate",
    "handoff.extract.run",
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


if forks_tasks(sys.argv):
    for module in PRELOADED:
        importlib.import_module(module)
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

__all__: list[str] = []
