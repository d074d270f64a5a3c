"""What a benchmark ran on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from handoff.ledger.db import Connection


def describe(connection: Connection, load_before: float) -> dict[str, Any]:
    """Hardware, versions, and the load that other programs had put on the machine before the start."""
    row = connection.execute("select current_setting('server_version') as postgres").fetchone()
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "postgres": row["postgres"] if row else None,
        "airflow": version("apache-airflow"),
        "dbt": version("dbt-core"),
        "load_before": round(load_before, 2),
    }


def load() -> float:
    """Processes that ran or waited to run, averaged over the last minute."""
    return os.getloadavg()[0]


def stolen_percent(since: Any) -> float:
    """Share of the processors' time since `psutil.cpu_times()` gave `since` that went to other guests of the host.

    A virtual machine only notices that everything takes longer.
    """
    now = psutil.cpu_times()
    return round(100 * (getattr(now, "steal", 0.0) - getattr(since, "steal", 0.0)) / (sum(now) - sum(since)), 1)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
