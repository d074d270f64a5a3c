"""Talk to the supervisor over its Unix socket.

Calls and states: https://supervisord.org/api.html
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from handoff.local import processes
from handoff.local.state import Layout
from handoff.settings import REPOSITORY

CONFIG = REPOSITORY / "supervisord.conf"
AIRFLOW = ("api-server", "dag-processor", "triggerer", "scheduler")
WATCHDOG = "watchdog"
COMPONENTS = ("postgres", "sandbox", *AIRFLOW, WATCHDOG)
BI = "superset"
"""Started by `handoff bi` only, and a component like the others from then on."""
ALREADY_STARTED = 60
STOP_S = 90
"""A stop takes at most the sum of the programs' `stopwaitsecs`."""


@dataclass(frozen=True)
class Component:
    """One supervised program. `state` is the supervisor's word: RUNNING, STARTING, BACKOFF, STOPPED …"""

    name: str
    state: str
    pid: int | None
    uptime_s: int


def is_running(where: Layout) -> bool:
    """Whether a supervisor answers on this home's socket."""
    try:
        return bool(_call(where).getState()["statename"] == "RUNNING")
    except OSError:
        return False


def start(where: Layout, environment: Mapping[str, str]) -> None:
    """Start the supervisor, which starts Postgres and the sandbox, and wait until it answers."""
    where.socket.unlink(missing_ok=True)
    started = subprocess.run(
        [str(Path(sys.prefix) / "bin" / "supervisord"), "-c", str(CONFIG)],
        env={
            **environment,
            "HANDOFF_COMPONENT": "supervisord",
            "HANDOFF_LOGS": str(where.logs),
            "HANDOFF_RUN": str(where.run),
            "HANDOFF_SOCKET": str(where.socket),
            "HANDOFF_REPOSITORY": str(REPOSITORY),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if started.returncode:
        raise RuntimeError(f"supervisord did not start: {(started.stderr or started.stdout).strip()}")
    deadline = time.monotonic() + 10
    while not is_running(where):
        if time.monotonic() > deadline:
            raise RuntimeError(f"supervisord does not answer: see {where.logs / 'supervisord.log'}")
        time.sleep(0.05)


def start_component(where: Layout, name: str) -> None:
    """Start a program that is not running, without waiting for it to be ready."""
    try:
        _call(where).startProcess(name, False)
    except Fault as fault:
        if fault.faultCode != ALREADY_STARTED:
            raise


def stop_component(where: Layout, name: str) -> None:
    """Stop a program, and keep it stopped until it is started; returns when it is gone."""
    with contextlib.suppress(Fault):
        _call(where).stopProcess(name, True)


def components(where: Layout) -> list[Component]:
    """All programs as the supervisor sees them; all stopped when there is no supervisor."""
    try:
        answers = {answer["name"]: answer for answer in _call(where).getAllProcessInfo()}
    except OSError:
        return [Component(name, "STOPPED", None, 0) for name in COMPONENTS]
    # A supervisor that an older release started does not know it.
    has_bi = BI in answers and answers[BI]["statename"] != "STOPPED"
    return [
        Component(
            name=name,
            state=answers[name]["statename"],
            pid=answers[name]["pid"] or None,
            uptime_s=max(0, answers[name]["now"] - answers[name]["start"]) if answers[name]["pid"] else 0,
        )
        for name in (*COMPONENTS, *([BI] if has_bi else []))
    ]


def stop(where: Layout) -> None:
    """Stop Airflow's programs all at once, then the rest, then the supervisor; returns when it is gone or out of time.

    Raises:
        OSError: there is no supervisor, or it died meanwhile.
    """
    call = _call(where)
    pid = int(call.getPID())
    deadline = time.monotonic() + STOP_S
    # The watchdog first, or it would see the others go.
    for name in (WATCHDOG, *AIRFLOW):
        with contextlib.suppress(Fault):
            call.stopProcess(name, False)
    while time.monotonic() < deadline and any(each.state == "STOPPING" for each in components(where)):
        time.sleep(0.1)
    call.shutdown()
    while time.monotonic() < deadline and processes.is_alive(pid):
        time.sleep(0.1)


def _call(where: Layout) -> Any:
    transport = SupervisorTransport(serverurl=f"unix://{where.socket}")
    # The address is not used: the transport speaks to the socket.
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor
