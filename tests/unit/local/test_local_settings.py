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
