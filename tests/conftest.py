"""A real Postgres for tests: one cluster per run, one database per test, copied from a template."""

import fcntl
import gc
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

import pytest
from psutil import virtual_memory

from handoff import clock
from handoff.local import airflow_env, scratch
from handoff.local.postgres import BIN
from handoff.settings import settings
from tests import dice

MEMORY, ROOM = Path("/dev/shm"), 8 << 30
"""A file system in memory, and bytes that must be free there for the servers of all processes."""
COMPILED = "agreed.dbt"
"""What dbt parsed and compiled for the template, in `shared_folder`."""
COPIES = ("copy", "second_copy")
"""Names of databases: a test's is the second while its module has one of its own."""
DAG_TESTS = Path(__file__).parent / "dags"
CONTRACT_TESTS, INTEGRATION_TESTS = Path(__file__).parent / "contract", Path(__file__).parent / "integration"

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
    # The longest files first, so that all processes still have something to do at the end. One of them makes the
    # template with the agreement; the others begin with what needs none. Another starts all of Airflow, and may wait
    # until the local stack, whose tests run beside these, has ended.
    first = next((item.path for item in items if INTEGRATION_TESTS in item.path.parents), None)
    order = (CONTRACT_TESTS, INTEGRATION_TESTS)
    items.sort(
        key=lambda item: (
            item.path != first,
            *(folder not in item.path.parents for folder in order),
            item.path.name == "test_compose.py",
        )
    )


def pytest_collection_finish() -> None:
    """Let the collector pass over Airflow, dbt and the tests, which it would walk again at each full collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, *gc.get_threshold()[1:])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the seed of each test that throws dice, so that it can be thrown again."""
    told = {
        f"{dice.VARIABLE}={value} {report.nodeid}"
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == dice.VARIABLE
    }
    for line in sorted(told):
        terminalreporter.write_line(line)


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
    """An empty server on a free port of 127.0.0.1.

    Its files are in memory where there is room: each test's database is a thousand of them, which a file system takes
    longer to make and to delete than most tests take.
    """
    is_roomy = MEMORY.is_dir() and min(disk_usage(MEMORY).free, virtual_memory().available) > ROOM
    with scratch.cluster(MEMORY if is_roomy else None) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def migrated_template(postgres: scratch.Cluster) -> str:
    """Name of a database with the ledger's schema, to copy."""
    postgres.create("migrated")
    postgres.migrate("migrated")
    return "migrated"


@pytest.fixture(scope="session")
def agreement_template(
    postgres: scratch.Cluster, migrated_template: str, airflow_home: Path, shared_folder: Path
) -> str:
    """Name of a database with the agreement loaded and the line's models built over nothing, to copy."""
    from handoff import agreement

    def load() -> None:
        agreement.load(clock.now())
        shutil.copytree(settings().dbt_target, shared_folder / COMPILED)

    made_once(postgres, "agreed", migrated_template, shared_folder, load)
    return "agreed"


def made_once(
    cluster: scratch.Cluster, name: str, template: str, shared_folder: Path, make: Callable[[], object]
) -> None:
    """A database to copy: what `make` makes of a copy of `template`, in the first process of a run that asks for it.

    The others, with servers of their own, restore its dump.
    """
    dump = shared_folder / f"{name}.dump"
    with dump.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if dump.exists():
            cluster.create(name)
            _dumped("pg_restore", f"--dbname={cluster.dsn(name)}", str(dump))
            return
        # Under the name of the copies: what dbt has parsed for one database serves no other.
        free = _free_name(cluster)
        with pytest.MonkeyPatch.context() as patch:
            _make(cluster, free, template, shared_folder, patch)
            make()
        cluster.rename(free, name)
        _dumped("pg_dump", "--format=custom", "--compress=0", f"--file={dump}", cluster.dsn(name))


def _dumped(program: str, *arguments: str) -> None:
    subprocess.run([BIN / program, *arguments], check=True, capture_output=True, text=True)


@pytest.fixture
def database(
    postgres: scratch.Cluster, migrated_template: str, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database with the ledger's schema and no rows."""
    yield from copy(postgres, migrated_template, shared_folder, monkeypatch)


@pytest.fixture
def agreement_database(
    postgres: scratch.Cluster, agreement_template: str, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database with the agreement loaded; its products are live since this test run began."""
    yield from copy(postgres, agreement_template, shared_folder, monkeypatch)


@pytest.fixture(scope="module")
def module_database(postgres: scratch.Cluster, migrated_template: str, shared_folder: Path) -> Iterator[Database]:
    """As `database`, shared by one module's tests."""
    with pytest.MonkeyPatch.context() as patch:
        yield from copy(postgres, migrated_template, shared_folder, patch)


@pytest.fixture(scope="module")
def module_agreement_database(
    postgres: scratch.Cluster, agreement_template: str, shared_folder: Path
) -> Iterator[Database]:
    """As `agreement_database`, shared by one module's tests."""
    with pytest.MonkeyPatch.context() as patch:
        yield from copy(postgres, agreement_template, shared_folder, patch)


def copy(cluster: scratch.Cluster, template: str, shared_folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A copy of a template, which the environment points at; gone afterwards."""
    name = _free_name(cluster)
    _make(cluster, name, template, shared_folder, patch)
    yield Database(
        name=name,
        admin_dsn=cluster.dsn(name),
        dsn=cluster.dsn(name, "handoff_app"),
        dbt_dsn=cluster.dsn(name, "handoff_dbt"),
    )
    cluster.drop(name)


def _make(cluster: scratch.Cluster, name: str, template: str, shared_folder: Path, patch: pytest.MonkeyPatch) -> None:
    # Each name with a target of dbt's own: for another database dbt would parse the whole project anew.
    target = settings().home / "dbt" / name
    if not target.exists() and (shared_folder / COMPILED).exists():
        shutil.copytree(shared_folder / COMPILED, target)
    cluster.create(name, template)
    _point_at(patch, cluster, name)
    patch.setenv("HANDOFF_DBT_TARGET", str(target))
    settings.cache_clear()


def _free_name(cluster: scratch.Cluster) -> str:
    return next(name for name in COPIES if not cluster.has(name))


def _point_at(patch: pytest.MonkeyPatch, cluster: scratch.Cluster, database: str) -> None:
    for name, value in cluster.environment(database).items():
        patch.setenv(name, value)
