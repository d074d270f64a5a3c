"""What must hold before the stack can start; each failure is one sentence and a remedy."""

import os
import shutil
import sys
from pathlib import Path

import psutil

from handoff.local import processes
from handoff.local.state import Layout
from handoff.settings import Settings

DISK_GB = 1.0
MEMORY_GB = 2.0
ROOT_TOOLS = {"setpriv": "util-linux", "useradd": "passwd"}
"""Root's Postgres runs as another user; these commands switch to it and create it, with the package of each."""


def problems(settings: Settings, where: Layout, *, is_up: bool) -> list[str]:
    """Everything that stands in the way; empty when the stack can start.

    Args:
        is_up: this home's supervisor answers, so its ports and memory are in use already.
    """
    found = [*_python(sys.version_info[:2], sys.platform), *_tools(os.geteuid()), *_directory(where.home)]
    if not found:
        found += _disk(where.home)
    if not is_up:
        found += [*_memory(psutil.virtual_memory().available), *_ports(settings, where)]
    return found


def _python(version: tuple[int, int], platform: str) -> list[str]:
    if platform != "linux":
        return [f"The local stack runs on Linux, and this is {platform}: use docker-compose.yaml here."]
    if version != (3, 11):
        text = ".".join(map(str, version))
        return [f"Python is {text}, and Airflow's pinned packages are for 3.11: run `make up PYTHON=python3.11`."]
    return []


def _tools(user_id: int) -> list[str]:
    if user_id != 0:
        return []
    return [
        f"The command `{tool}` is missing, which root needs to run Postgres as another user: apt-get install {package}"
        for tool, package in ROOT_TOOLS.items()
        if not shutil.which(tool)
    ]


def _directory(home: Path) -> list[str]:
    existing = _nearest(home)
    if not os.access(existing, os.W_OK | os.X_OK):
        return [f"{existing} cannot be written to: set HANDOFF_HOME to a directory of yours."]
    return []


def _disk(home: Path) -> list[str]:
    free = shutil.disk_usage(_nearest(home)).free / 1e9
    if free < DISK_GB:
        return [
            f"Only {free:.1f} GB is free at {home}, and {DISK_GB:.0f} GB is needed: make room, or set HANDOFF_HOME "
            "to a directory on another disk."
        ]
    return []


def _memory(available: int) -> list[str]:
    if available < MEMORY_GB * 1e9:
        return [
            f"Only {available / 1e9:.1f} GB of memory is available, and the stack takes {MEMORY_GB:.0f} GB: "
            "close something large and try again."
        ]
    return []


def _ports(settings: Settings, where: Layout) -> list[str]:
    wanted = {
        "HANDOFF_POSTGRES_PORT": settings.postgres_port,
        "HANDOFF_AIRFLOW_PORT": settings.airflow_port,
        "HANDOFF_SANDBOX_PORT": settings.sandbox_port,
    }
    listening = processes.listeners()
    ours = {process.pid for process in processes.of(where)}
    found = []
    for variable, port in wanted.items():
        if port in listening and listening[port] not in ours:
            found.append(
                f"Port {port} is in use by {processes.describe(listening[port])}: "
                f"stop it, or choose another with {variable}={port + 1000}."
            )
    twice = sorted({port for port in wanted.values() if list(wanted.values()).count(port) > 1})
    return found + [f"Port {port} is given to two components: set {' and '.join(wanted)} apart." for port in twice]


def _nearest(path: Path) -> Path:
    """The path itself, or the directory above it that exists."""
    return next(each for each in (path, *path.parents) if each.exists())
