"""Find the stack's processes by what they carry, so that even those whose parent was killed are found.

Every component is started with `HANDOFF_HOME` and `HANDOFF_COMPONENT`, and whatever it forks inherits both. Postgres's
backends overwrite their environment, but stand in the cluster's directory.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import psutil

from handoff.local.state import Layout


def of(where: Layout, component: str | None = None) -> list[psutil.Process]:
    """Live processes of this home's stack, or of one component of it; never this process or one above it."""
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process for process in psutil.process_iter() if process.pid not in mine and _belongs(process, where, component)
    ]


def postgres_in(data: Path) -> list[psutil.Process]:
    """The server of a cluster and its backends: they all stand in its directory."""
    return [process for process in psutil.process_iter() if _is_postgres_in(process, data)]


def _is_postgres_in(process: psutil.Process, data: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(data)
    except (psutil.Error, OSError):
        return False


def _belongs(process: psutil.Process, where: Layout, component: str | None) -> bool:
    if component in (None, "postgres") and _is_postgres_in(process, where.data):
        return True
    try:
        environment, is_over = process.environ(), process.status() == psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
    found = environment.get("HANDOFF_COMPONENT")
    return (
        environment.get("HANDOFF_HOME") == str(where.home)
        and found is not None
        and (component is None or found == component)
        and not is_over
    )


def end(processes: Iterable[psutil.Process], patience_s: float) -> None:
    """Ask each to stop, then, after `patience_s` seconds, kill."""
    processes = list(processes)
    for process in processes:
        _send(process, terminate=patience_s > 0)
    _, alive = psutil.wait_procs(processes, timeout=patience_s)
    for process in alive:
        _send(process, terminate=False)
    psutil.wait_procs(alive, timeout=10)


def _send(process: psutil.Process, terminate: bool) -> None:
    try:
        process.terminate() if terminate else process.kill()
    except psutil.NoSuchProcess:
        return


def is_alive(pid: int) -> bool:
    """Whether a process exists and has not ended; one that only waits to be collected has."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def memory_mb(processes: Iterable[psutil.Process]) -> float:
    """Proportional set size: pages shared by n processes count 1/n in each. In MB (10^6 bytes)."""
    total = 0
    for process in processes:
        try:
            total += int(process.memory_full_info().pss)
        except (psutil.Error, OSError):
            continue
    return total / 1e6


def listeners() -> dict[int, int | None]:
    """TCP ports that someone listens on, with the process id; None for another user's process."""
    return {
        connection.laddr.port: connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }


def describe(pid: int | None) -> str:
    """`name (pid N)`, for a message."""
    if pid is None:
        return "another user's process"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.NoSuchProcess:
        return f"a process (pid {pid})"
