"""The DAGs say when, and no more: ids, edges, size, documentation, no input or output while they are parsed."""

import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_socket import SocketBlockedError

from handoff import clock
from handoff.agreement import company_time_zone

REPOSITORY = Path(__file__).parents[2]
FILES = sorted((REPOSITORY / "dags").glob("*.py"))
DAG_IDS = {
    "handoff_backfill",
    "handoff_canary",
    "handoff_flood",
    "handoff_line",
    "handoff_marts",
    "handoff_review",
    "handoff_settle",
    "handoff_sweep",
    "handoff_upkeep",
    "handoff_watch",
}
PASSES = {"backfill", "settle", "sweep"}
"""Slower passes of station extract."""
QUESTION = {"look", "ask", "answer"}
"""What the breaker of station route wants to know of a person."""
STATIONS = ["extract", "enrich", "score", "qualify", "route", "notify", "sync", "watch", "review"]


def test_every_file_is_a_dag_and_no_other(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == DAG_IDS == {file.stem for file in FILES}


def test_sockets_are_blocked_here(dag_bag: Any) -> None:
    with pytest.raises(SocketBlockedError):
        socket.socket()


def test_the_edges_of_the_line(dag_bag: Any) -> None:
    line = dag_bag.dags["handoff_line"]
    assert {task.task_id: set(task.downstream_task_ids) for task in line.tasks} == {
        "extract": {"enrich"},
        "enrich": {"gate", "qualify"},
        "gate": {"route"},
        "qualify": {"route"},
        "route": {"notify", "sync"},
        "notify": set(),
        "sync": set(),
    }


@pytest.mark.parametrize("dag_id", sorted(DAG_IDS))
def test_policy(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert dag.dagrun_timeout is not None
    assert any(tag.startswith("impact:") for tag in dag.tags)
    assert {"**Inputs.**", "**Outputs.**", "**Triage.**"} <= set(re.findall(r"\*\*\w+\.\*\*", dag.doc_md or ""))
    for task in dag.tasks:
        assert task.execution_timeout is not None, task.task_id
        assert task.retries >= 2, task.task_id
        # One XCom holds a task's counts: one of each would cost a call to the API server apiece.
        assert task.multiple_outputs is False, task.task_id


def test_tasks_speak_the_vocabulary_of_the_stations(dag_bag: Any) -> None:
    ids = {task.task_id for dag in dag_bag.dags.values() for task in dag.tasks}
    assert ids - {"canary", "documentation", "gate", "gates", "marts", "retain"} - PASSES - QUESTION == set(
        STATIONS
    ) - {"score"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 80


def test_the_line_wakes_on_the_inbox(dag_bag: Any) -> None:
    line = dag_bag.dags["handoff_line"]
    assert [asset.name for asset in line.timetable.asset_condition.objects] == ["handoff_inbox"]


COMPANY = company_time_zone(clock.now())
SCHEDULES = {
    "handoff_line": ("* * * * *", "UTC"),
    "handoff_watch": ("* * * * *", "UTC"),
    "handoff_canary": ("* * * * *", "UTC"),
    "handoff_marts": ("*/15 * * * *", "UTC"),
    "handoff_settle": ("7,22,37,52 * * * *", "UTC"),
    "handoff_flood": ("*/30 * * * *", "UTC"),
    "handoff_sweep": ("30 1 * * *", COMPANY),
    "handoff_upkeep": ("30 4 * * *", COMPANY),
    "handoff_review": ("0 7 * * 1", COMPANY),
    "handoff_backfill": None,
}
"""Cron, and by whose clock: the company's where people wait for it, or a night is meant."""


def test_each_dag_has_its_hour(dag_bag: Any) -> None:
    assert COMPANY != "UTC"

    def hour(timetable: Any) -> tuple[str, str] | None:
        cron = getattr(timetable, "timetable", timetable)
        return (cron.expression, str(cron.timezone)) if hasattr(cron, "expression") else None

    assert {dag_id: hour(dag.timetable) for dag_id, dag in dag_bag.dags.items()} == SCHEDULES


def test_parsing_reaches_for_nothing(tmp_path: Path) -> None:
    """The same files in a process of its own: a planted connection fails the parse, the real files do not."""
    planted = tmp_path / "planted.py"
    planted.write_text("# an airflow dag\nimport urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/')\n")
    program = """
import sys
from pytest_socket import disable_socket
from airflow.dag_processing.dagbag import DagBag
disable_socket()
print(sorted(DagBag(dag_folder=sys.argv[1]).import_errors))
"""
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "PATH": "/usr/bin",
    }

    def errors(folder: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder)], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()[-1]

    assert "planted.py" in errors(tmp_path)
    assert errors(REPOSITORY / "dags") == "[]"


def test_airflow_does_not_import_the_package_file_by_file() -> None:
    """Airflow runs each `.py` below plugins/ under its bare name: `clock`, `text`, … would shadow other modules."""
    ignored = (REPOSITORY / "plugins" / ".airflowignore").read_text().splitlines()
    assert "handoff/**" in ignored
    program = """
import sys
from airflow.plugins_manager import _get_plugins
_get_plugins()
print(sorted(name for name in sys.modules if name in {"clock", "settings", "connections", "stations", "db", "run"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_HOME": "/tmp/handoff-plugin-test",
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "PATH": "/usr/bin",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
