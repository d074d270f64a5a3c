"""dbt, in this process: one invocation, one selector, one lock."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from handoff import connections
from handoff.ledger.db import Connection, only_one
from handoff.qualify.dbt_results import DbtFailed, Model, Result, result_of
from handoff.settings import settings

__all__ = [
    "PLAIN",
    "DbtFailed",
    "Model",
    "Result",
    "compile_models",
    "document",
    "documentation",
    "environment",
    "invoke",
    "lock_of",
    "warm",
]

# No artifacts, which nobody reads, and no log beside the task's own.
PLAIN = ("--no-write-json", "--log-level-file", "none")
# No look at relations that the selector does not touch.
LEAN = ("--no-populate-cache", *PLAIN)

_kept: dict[tuple[int, int], Any] = {}
"""What `warm` read, by modification time and size of its file, for one invocation: dbt writes into a manifest."""


def lock_of(selector: str) -> str:
    """The lock under which a selector's models are built: two dbt processes on one model break each other."""
    return f"dbt:{selector}"


def invoke(
    connection: Connection,
    command: Sequence[str],
    *,
    selector: str,
    as_of: datetime | None,
    locked: bool = False,
    as_loaded: bool = False,
) -> Result | None:
    """Run one dbt command over one selector; None when another process holds the selector.

    Args:
        command: e.g. `["run"]` or `["build", "--full-refresh"]`.
        as_of: the moment the models compute for; None leaves it to the database's clock (the marts' case).
        locked: the caller holds the selector's lock already.
        as_loaded: take the project as it was parsed when the agreement was last loaded, instead of reading its files
            again: half a second less, and an edited file takes part only once it has been loaded.

    Raises:
        DbtFailed: a node failed, or dbt could not read the project.
    """
    with nullcontext(True) if locked else only_one(connection, lock_of(selector)) as free:
        if not free:
            return None
        words = [*command, "--selector", selector, *_directories()]
        with environment(as_of):
            # One thread, which is one connection: the line's models wait for one another anyway.
            outcome = _invoke_lean([*words, "--threads", "1"]) if as_loaded else _invoke([*PLAIN, *words], None)
    if outcome.exception is not None:
        raise DbtFailed(f"dbt {' '.join(command)} --selector {selector}: {outcome.exception}") from outcome.exception
    # What dbtRunner returns depends on the command; build and run return one result a node.
    return result_of(f"dbt {' '.join(command)} --selector {selector}", list(outcome.result))


def _invoke_lean(words: Sequence[str]) -> Any:
    """Run dbt on the loaded project, with nothing that the line does not need."""
    return _invoke([*LEAN, *words], _loaded_manifest())


def _invoke(words: Sequence[str], manifest: Any) -> Any:
    """Run dbt in a thread of its own, with a connection for each of its threads.

    It reads the source of every caller on its stack, for each of its behaviour flags, and a task of Airflow lies deep.
    """
    from dbt.cli.main import dbtRunner

    from handoff.qualify.kept_connections import kept_connections
    from handoff.qualify.kept_ctes import kept_ctes

    runner, thread = dbtRunner(manifest=manifest), ThreadPoolExecutor(1)
    try:
        with kept_connections(), kept_ctes():
            return thread.submit(runner.invoke, list(words)).result()
    finally:
        # A task that has run out of time must not wait for its statement.
        thread.shutdown(wait=False)


def compile_models(selection: str, *, for_all: bool) -> list[Any]:
    """Compile models as they would run now, or, `for_all`, as with `--full-refresh`; returns dbt's nodes.

    Raises:
        DbtFailed: a model does not compile.
    """
    others = ("resource_type:seed", "resource_type:test", "resource_type:unit_test")
    words = ["--quiet", "compile", *(["--full-refresh"] if for_all else [])]
    words += ["--select", selection, "--exclude", *others, *_directories()]
    with environment(None):
        outcome = _invoke_lean(words)
    if not outcome.success:
        raise DbtFailed(f"dbt compile --select {selection}: {outcome.exception}")
    return [each.node for each in outcome.result.results]


def documentation() -> Path:
    """dbt's own documentation of the project, as one page."""
    return settings().dbt_target / "docs" / "static_index.html"


def document(*, only_if_new: bool = False) -> bool:
    """Write `documentation`, reading all files into a directory of its own; returns whether it was written.

    Args:
        only_if_new: not when it was written after the agreement was last loaded.

    Raises:
        DbtFailed: dbt could not read the project or the database.
    """
    page = documentation()
    if only_if_new and page.exists() and _parsed().exists() and page.stat().st_mtime >= _parsed().stat().st_mtime:
        return False
    with environment(None):
        # Only compiling writes the manifest that the page is made of.
        words = ["--quiet", "--write-json", "docs", "generate", "--static", *_directories(page.parent)]
        outcome = _invoke(words, None)
    if not outcome.success:
        raise DbtFailed(f"dbt docs generate: {outcome.exception}")
    return True


def warm() -> None:
    """Read the project and compile the line's models once: tasks forked from this process find both done.

    Does nothing before the agreement was first loaded.
    """
    with environment(None):
        stamp = _stamp()
        if stamp is not None:
            outcome = _invoke_lean(["--quiet", "compile", "--selector", "line", *_directories()])
            if not outcome.success:
                raise DbtFailed(f"dbt compile --selector line: {outcome.exception}")
            # Not the same again: a manifest that has been compiled cannot be run.
            _kept[stamp] = _loaded_manifest()


def _directories(target: Path | None = None) -> list[str]:
    project, target = str(settings().dbt_project), target or settings().dbt_target
    options = {"project-dir": project, "profiles-dir": project, "target-path": target, "log-path": target / "logs"}
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]


def _parsed() -> Path:
    return settings().dbt_target / "partial_parse.msgpack"


def _stamp() -> tuple[int, int] | None:
    try:
        status = _parsed().stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def _loaded_manifest() -> Any:
    """The project as last parsed, without its tests; None, so that dbt parses it, if never or for another database."""
    stamp = _stamp()
    if stamp is None:
        return None
    database, manifest = os.environ["HANDOFF_DBT_DATABASE"], _kept.pop(stamp, None) or _read_without_tests()
    return manifest if all(node.database == database for node in manifest.nodes.values()) else None


def _read_without_tests() -> Any:
    """dbt links all that it has parsed to a graph, and looks for circles in it, at each invocation: most are tests."""
    from dbt.artifacts.resources.types import NodeType
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(_parsed().read_bytes())
    manifest.nodes = {name: node for name, node in manifest.nodes.items() if node.resource_type != NodeType.Test}
    manifest.unit_tests = {}
    return manifest


@contextmanager
def environment(as_of: datetime | None) -> Iterator[None]:
    """What `profiles.yml` reads, and the moment as a libpq option of every connection that dbt opens."""
    credentials = connections.get(connections.DBT)
    wanted = {
        "HANDOFF_DBT_HOST": credentials.host,
        "HANDOFF_DBT_PORT": str(credentials.port or 5432),
        "HANDOFF_DBT_USER": credentials.login or "",
        "DBT_ENV_SECRET_HANDOFF_PASSWORD": credentials.password or "",
        "HANDOFF_DBT_DATABASE": credentials.schema or "handoff",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    if as_of is not None:
        wanted["PGOPTIONS"] = f"-c handoff.as_of={as_of.isoformat()}"
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
