"""`handoff status` where somebody else holds the processes, as Compose does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.errors import ParseImportError
from sqlalchemy import create_engine, insert
from typer.testing import CliRunner, Result

from handoff import clock
from handoff.cli import app
from handoff.ledger import db, heartbeats
from handoff.local import metadata, scratch
from tests.conftest import Database


@pytest.fixture(scope="module")
def airflow(postgres: scratch.Cluster) -> Iterator[str]:
    """Address of Airflow's own tables, with two DAGs of ours, one of them paused, and a paused one of somebody else."""
    postgres.create("airflow")
    address = f"postgresql+psycopg2://{postgres.dsn('airflow').partition('://')[2]}"
    import_all_models()
    engine = create_engine(address)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(DagBundleModel), {"name": "dags"})
        for name, is_paused in (("handoff_line", True), ("handoff_watch", False), ("theirs", True)):
            numbers = {"max_active_tasks": 1, "max_consecutive_failed_dag_runs": 0}
            row = {"is_stale": False, "bundle_name": "dags", "has_task_concurrency_limits": False, **numbers}
            connection.execute(insert(DagModel), {"dag_id": name, "is_paused": is_paused, **row})
    engine.dispose()
    yield address
    postgres.drop("airflow")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no local stack, and Airflow's metadata is not to be reached."""
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path))
    monkeypatch.delenv(metadata.VARIABLE, raising=False)


def status(*options: str) -> Result:
    return CliRunner().invoke(app, ["status", *options])


def test_without_a_local_stack_the_ledger_is_judged_alone(database: Database) -> None:
    with db.connect() as connection:
        heartbeats.beat(connection, heartbeats.CANARY, clock.now())
    done = status("--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["components"], found["paused"], found["wrong"], found["is_down"]) == ([], None, {}, False)
    assert found["stations"]["pending"] == 0
    with db.connect("handoff_admin") as admin:
        admin.execute("update handoff.heartbeats set beat_at = '2026-01-01Z'")
    assert status().exit_code == 2


def test_a_paused_dag_of_ours_and_a_file_that_cannot_be_imported_need_somebody(
    database: Database, airflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.connect() as connection:
        heartbeats.beat(connection, heartbeats.CANARY, clock.now())
    monkeypatch.setenv(metadata.VARIABLE, airflow)
    done = status("--json")
    assert (done.exit_code, json.loads(done.output)["paused"]) == (1, ["handoff_line"])
    engine = create_engine(airflow)
    with engine.begin() as connection:
        connection.execute(insert(ParseImportError), {"filename": "handoff_broken.py", "stacktrace": ""})
    engine.dispose()
    assert metadata.dags() == metadata.Dags(["handoff_line"], ["handoff_broken.py"])


def test_neither_a_stack_nor_a_ledger_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HANDOFF_DB", raising=False)
    done = status()
    assert done.exit_code == 1
    assert "Nothing has been started" in done.output
