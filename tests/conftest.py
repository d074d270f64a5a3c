"""A real Postgres for tests: one cluster per run, one database per test, copied from a template."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from handoff import clock
from handoff.local import airflow_env, scratch
from handoff.local.postgres import BIN
from handoff.settings import settings

NUMBERS = count(1)
DAG_TESTS = Path(__file__).parent / "dags"
INTEGRATION_TESTS = Path(__file__).parent / "integration"

# Set before any test imports Airflow, which reads them once and would otherwise write to the home directory.
os.environ.update(airflow_env.TELEMETRY_OFF)
os.environ.update(airflow_env.AIRFLOW)


@dataclass(frozen=True)
class Database:
    """A fresh database; the four Postgres connections in the environment point at it."""

    name: str
    admin_dsn: str
    dsn: str
    """As `handoff_app`."""
    dbt_dsn: str
    """As `handoff_dbt`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests, and block sockets for those of DAGs: a DAG file does no I/O when it is parsed."""
    for item in items:
        if DAG_TESTS in item.path.parents:
            item.add_marker(pytest.mark.disable_socket)
    # The longest files first: at the end both workers then still have something to do.
    items.sort(key=lambda item: INTEGRATION_TESTS not in item.path.parents)


@pytest.fixture(scope="session", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's home and ours, away from the developer's own."""
    home = tmp_path_factory.mktemp("home")
    os.environ["AIRFLOW_HOME"] = str(home / "airflow")
    os.environ["HANDOFF_HOME"] = str(home)
    settings.cache_clear()
    return home


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """What one test put into the environment, no later one reads from the settings' memory."""
    yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[scratch.Cluster]:
    """An empty server on a free port of 127.0.0.1."""
    with scratch.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated_template(postgres: scratch.Cluster) -> str:
    """Name of a database with the ledger's schema, to copy."""
    postgres.create("migrated")
    postgres.migrate("migrated")
    return "migrated"


@pytest.fixture(scope="session")
def agreement_template(
    postgres: scratch.Cluster, migrated_template: str, airflow_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Name of a database with the agreement loaded and the line's models built over nothing, to copy.

    Built by the first process of a run that needs it: the others, with servers and homes of their own, restore its dump
    and take what dbt had parsed and compiled.
    """
    from handoff import agreement

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    dump, compiled = shared / "agreed.dump", shared / "agreed.dbt"
    with dump.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if dump.exists():
            shutil.copytree(compiled, settings().dbt_target, dirs_exist_ok=True)
            postgres.create("agreed")
            _dumped("pg_restore", f"--dbname={postgres.dsn('agreed')}", str(dump))
            return "agreed"
        postgres.create("agreed", migrated_template)
        with pytest.MonkeyPatch.context() as patch:
            _point_at(patch, postgres, "agreed")
            agreement.load(clock.now())
        shutil.copytree(settings().dbt_target, compiled)
        _dumped("pg_dump", "--format=custom", "--compress=0", f"--file={dump}", postgres.dsn("agreed"))
    return "agreed"


def _dumped(program: str, *arguments: str) -> None:
    subprocess.run([BIN / program, *arguments], check=True, capture_output=True, text=True)


@pytest.fixture
def database(postgres: scratch.Cluster, migrated_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with the ledger's schema and no rows."""
    yield from _copy(postgres, migrated_template, monkeypatch)


@pytest.fixture
def agreement_database(
    postgres: scratch.Cluster, agreement_template: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database with the agreement loaded; its products are live since this test run began."""
    yield from _copy(postgres, agreement_template, monkeypatch)


@pytest.fixture(scope="module")
def module_database(postgres: scratch.Cluster, migrated_template: str) -> Iterator[Database]:
    """As `database`, shared by one module's tests."""
    with pytest.MonkeyPatch.context() as patch:
        yield from _copy(postgres, migrated_template, patch)


@pytest.fixture(scope="module")
def module_agreement_database(postgres: scratch.Cluster, agreement_template: str) -> Iterator[Database]:
    """As `agreement_database`, shared by one module's tests."""
    with pytest.MonkeyPatch.context() as patch:
        yield from _copy(postgres, agreement_template, patch)


def _copy(cluster: scratch.Cluster, template: str, patch: pytest.MonkeyPatch) -> Iterator[Database]:
    name = f"test_{next(NUMBERS)}"
    cluster.create(name, template)
    _point_at(patch, cluster, name)
    yield Database(
        name=name,
        admin_dsn=cluster.dsn(name),
        dsn=cluster.dsn(name, "handoff_app"),
        dbt_dsn=cluster.dsn(name, "handoff_dbt"),
    )
    cluster.drop(name)


def _point_at(patch: pytest.MonkeyPatch, cluster: scratch.Cluster, database: str) -> None:
    for name, value in cluster.environment(database).items():
        patch.setenv(name, value)
