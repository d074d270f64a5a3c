"""`handoff status` where somebody else holds the processes, as Compose does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.errors import ParseImportError
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import Engine, create_engine, insert, update
from typer.testing import CliRunner, Result

from handoff import clock
from handoff.cli import app
from handoff.ledger import db, heartbeats
from handoff.local import metadata, scratch
from tests.conftest import Database

RUNNING = ("handoff_canary", "handoff_watch", "handoff_marts", "handoff_sweep", "handoff_review")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


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
        for name, is_paused in {"handoff_line": True, "theirs": True, **dict.fromkeys(RUNNING, False)}.items():
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


@pytest.mark.parametrize(("seconds", "exit_code", "wrong"), [(200, 0, []), (300, 1, ["canary-never"])])
def test_where_no_task_ever_ran_somebody_is_needed_once_it_should_have(
    database: Database, seconds: int, exit_code: int, wrong: list[str]
) -> None:
    assert status().exit_code == 0
    with db.connect() as connection:
        connection.execute("insert into handoff.agreements values ('a', '{}')")
        connection.execute("insert into handoff.model_sets values ('m', '{}')")
        connection.execute(
            "insert into handoff.loads (loaded_at, agreement_hash, models_hash) values (%s, 'a', 'm')",
            (clock.now() - timedelta(seconds=seconds),),
        )
    done = status("--json")
    assert (done.exit_code, list(json.loads(done.output)["wrong"])) == (exit_code, wrong)


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


def finished(engine: Engine, dag_id: str, minutes_ago: float, state: str, run_type: str = "scheduled") -> None:
    """A run that began then and took half a minute, with its task."""
    at = NOW - timedelta(minutes=minutes_ago)
    run_id = f"{run_type}__{at.isoformat()}"
    named = {"dag_id": dag_id, "run_id": run_id, "state": state}
    with engine.begin() as connection:
        ended = {"run_after": at, "end_date": at + timedelta(seconds=30)}
        connection.execute(insert(DagRun), {**named, "run_type": run_type, **ended})
        began = {"task_id": "task", "map_index": -1, "pool": "default_pool", "start_date": at + timedelta(seconds=10)}
        connection.execute(insert(TaskInstance), {**named, **began})


def test_a_dag_fails_from_its_first_bad_run_to_its_next_good_one(
    database: Database, airflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(metadata.VARIABLE, airflow)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    engine = create_engine(airflow)
    for minutes in (23, 22, 21.5):
        finished(engine, "handoff_watch", minutes, "failed")
    finished(engine, "handoff_watch", 24, "success")
    finished(engine, "handoff_watch", 30, "failed")
    # One that failed, and the next one mended it; one that nobody has run since; a person's own, which is theirs.
    finished(engine, "handoff_marts", 40, "failed")
    finished(engine, "handoff_marts", 25, "success")
    finished(engine, "handoff_sweep", 600, "failed")
    finished(engine, "handoff_review", 100, "failed", "manual")
    finished(engine, "theirs", 50, "failed")
    found = metadata.dags()
    assert found is not None
    assert found.failing_s == {"handoff_sweep": 599.5 * 60, "handoff_watch": 22.5 * 60}
    done = json.loads(status("--json").output)
    assert (
        done["wrong"]["failed-handoff_watch"] == "No run of handoff_watch has succeeded for 1350 s, since one failed."
    )
    assert done["is_healthy"] is False
    # What a person starts and what succeeds is the end of it.
    finished(engine, "handoff_sweep", 5, "success", "manual")
    finished(engine, "handoff_watch", 1, "success")
    found = metadata.dags()
    assert found is not None
    assert (found.failing_s, found.started_s) == ({}, 50)
    engine.dispose()


def test_the_canary_is_on_while_its_dag_is_there_unpaused_and_whole(
    airflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(metadata.VARIABLE, airflow)
    engine = create_engine(airflow)
    for column in ("is_paused", "is_stale", "has_import_errors"):
        for value in (True, False):
            with engine.begin() as connection:
                canary = update(DagModel).where(DagModel.dag_id == metadata.CANARY)
                connection.execute(canary.values({column: value}))
            found = metadata.dags()
            assert found is not None
            assert found.canary_is_on is not value
    engine.dispose()


def test_neither_a_stack_nor_a_ledger_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HANDOFF_DB", raising=False)
    done = status()
    assert done.exit_code == 1
    assert "Nothing has been started" in done.output
