"""The whole local stack on the real Airflow, in a home and on ports of its own, gone when the block ends.

Its agreement is this repository's, but for the limits of what people can take: a mass is what is measured.
"""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from handoff.local import scratch, stack
from handoff.local.state import Layout
from handoff.settings import REPOSITORY, settings

HOME = REPOSITORY / ".handoff-bench"
CONTACTS = 300
"""In the sandbox; the long history is in `raw` only."""
PORTS = ("POSTGRES", "AIRFLOW", "SANDBOX")
LIMITS = {"reps": ("max_open", "max_per_day"), "handoff_policy": ("flood_floor",)}
"""Columns of the agreement, by seed, that would hold back so many leads at once."""
MANY = "100000"


class StackFailed(RuntimeError):
    """A command of the stack failed; it has printed why."""


@contextmanager
def own_stack(keep: bool) -> Iterator[Layout]:
    """Start with nothing, stop everything, and delete the home unless it is to be kept or something failed."""
    _isolate()
    where = Layout(HOME)
    _handoff("reset", "--yes")
    _without_limits()
    try:
        _handoff("up")
        stack.activate()
        yield where
    except BaseException:
        _handoff("down")
        if where.logs.exists():
            print(f"The logs are in {where.logs}", file=sys.stderr)
        raise
    _handoff("down" if keep else "reset", *([] if keep else ["--yes"]))


def _isolate() -> None:
    """Keep no connection or setting of the caller: a benchmark must never reach a real account."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW", "HANDOFF_", "SANDBOX_"))]:
        del os.environ[name]
    os.environ["HANDOFF_HOME"] = str(HOME)
    os.environ["HANDOFF_DEMO_CONTACTS"] = str(CONTACTS)
    os.environ["HANDOFF_DEMO_LIFE"] = "0"
    os.environ["DBT_QUIET"] = "true"
    for name in PORTS:
        os.environ[f"HANDOFF_{name}_PORT"] = str(scratch.free_port())
    os.environ["PYTHONPATH"] = str(REPOSITORY / "plugins")
    settings.cache_clear()


def _without_limits() -> None:
    """Copy the dbt project into the home, with its limits raised, and have it used from there."""
    project = HOME / "dbt_project"
    shutil.copytree(settings().dbt_project, project, ignore=shutil.ignore_patterns("target", "logs"))
    for seed, columns in LIMITS.items():
        file = project / "seeds" / "agreement" / f"{seed}.csv"
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | dict.fromkeys(columns, MANY) for row in rows)
    os.environ["HANDOFF_DBT_PROJECT"] = str(project)
    settings.cache_clear()


def _handoff(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "handoff.cli", *arguments], cwd=REPOSITORY, check=False)
    if done.returncode:
        raise StackFailed(f"`handoff {' '.join(arguments)}` ended with {done.returncode}")
