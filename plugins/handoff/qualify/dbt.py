"""dbt, in this process: one invocation, one selector, one lock."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff import connections
from handoff.ledger.db import Connection, only_one
from handoff.settings import settings

# No look at relations that the selector does not touch, no artifacts, no log beside the task's own.
LEAN = ("--no-populate-cache", "--no-write-json", "--log-level-file", "none")


class DbtFailed(RuntimeError):
    """A model, test or seed failed; the message names each with its error."""


@dataclass(frozen=True)
class Result:
    """What one invocation did."""

    statuses: Mapping[str, str]
    """Node name → status (`success`, `pass`, …)."""
    seconds: float


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
    from dbt.cli.main import dbtRunner

    with nullcontext(True) if locked else only_one(connection, lock_of(selector)) as free:
        if not free:
            return None
        with environment(as_of):
            manifest = _loaded_manifest() if as_loaded else None
            outcome = dbtRunner(manifest=manifest).invoke(
                [*(LEAN if as_loaded else ()), *command, "--selector", selector, *_directories()]
            )
    if outcome.exception is not None:
        raise DbtFailed(f"dbt {' '.join(command)} --selector {selector}: {outcome.exception}") from outcome.exception
    # What dbtRunner returns depends on the command; build and run return one result a node.
    results: list[Any] = list(outcome.result)  # type: ignore[arg-type]
    if not outcome.success:
        failed = [f"{each.node.name}: {each.message}" for each in results if each.status in ("error", "fail")]
        raise DbtFailed(f"dbt {' '.join(command)} --selector {selector}: " + "; ".join(failed))
    return Result(
        statuses={each.node.name: str(each.status) for each in results},
        seconds=round(sum(each.execution_time for each in results), 3),
    )


def warm() -> None:
    """Let dbt build what it keeps for a process: half a second that tasks forked from this one need not spend.

    Lists the line's models without a database; does nothing before the agreement was first loaded.
    """
    from dbt.cli.main import dbtRunner

    with environment(None):
        manifest = _loaded_manifest()
        if manifest is not None:
            dbtRunner(manifest=manifest).invoke(["--quiet", *LEAN, "ls", "--selector", "line", *_directories()])


def _directories() -> list[str]:
    project, target = str(settings().dbt_project), settings().dbt_target
    options = {"project-dir": project, "profiles-dir": project, "target-path": target, "log-path": target / "logs"}
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]


def _loaded_manifest() -> Any:
    """The project as last parsed; None, which makes dbt parse it, when that was never or for another database."""
    from dbt.contracts.graph.manifest import Manifest

    parsed = settings().dbt_target / "partial_parse.msgpack"
    if not parsed.exists():
        return None
    manifest = Manifest.from_msgpack(parsed.read_bytes())
    database = os.environ["HANDOFF_DBT_DATABASE"]
    return manifest if all(node.database == database for node in manifest.nodes.values()) else None


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
