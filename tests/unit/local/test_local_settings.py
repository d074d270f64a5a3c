import json
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.settings import REPOSITORY

SCRIPT = """
import json, sys
sys.argv = ["airflow", "scheduler"]
import airflow_local_settings as settings
print(json.dumps([name for name in settings.PRELOADED if name not in sys.modules]))
"""


@pytest.mark.parametrize(
    ("arguments", "executor", "is_loaded"),
    [
        (["scheduler"], "LocalExecutor", True),
        (["celery", "worker"], "CeleryExecutor", True),
        (["scheduler"], "CeleryExecutor", False),
        (["api-server"], "LocalExecutor", False),
        (["dag-processor"], "LocalExecutor", False),
        (["celery", "flower"], "CeleryExecutor", False),
        ([], "LocalExecutor", False),
    ],
)
def test_what_tasks_need_is_loaded_where_tasks_are_forked_and_nowhere_else(
    arguments: list[str], executor: str, is_loaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import airflow_local_settings

    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    assert airflow_local_settings.forks_tasks(["airflow", *arguments]) is is_loaded


def test_a_scheduler_holds_everything_after_its_settings_are_read(tmp_path: Path) -> None:
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "HOME": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


RUN_LIMIT = """
import sys
sys.argv = ["airflow", *sys.argv[1:]]
from airflow.models.dag import DagModel
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
import airflow_local_settings

engine = create_engine("sqlite:///dag.db")
DagModel.__table__.create(engine)
with Session(engine) as session:
    session.add(DagModel(dag_id="line", bundle_name="dags", max_active_tasks=1, max_active_runs=1))
    session.commit()
with Session(engine) as scheduler, Session(engine) as processor:
    read_before = scheduler.get(DagModel, "line")
    scheduler.connection().connection.rollback()
    processor.get(DagModel, "line").exceeds_max_non_backfill = True
    processor.commit()
    read_before.exceeds_max_non_backfill = False
    scheduler.commit()
with Session(engine) as session:
    print(session.get(DagModel, "line").exceeds_max_non_backfill)
"""


@pytest.mark.parametrize(("component", "is_stuck"), [("scheduler", False), ("dag-processor", True)])
def test_a_dag_is_free_once_the_scheduler_says_so(component: str, is_stuck: bool, tmp_path: Path) -> None:
    """Airflow's own fault, seen in the other component; once it is cured there, the repair can go."""
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-c", RUN_LIMIT, component]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == str(is_stuck)
