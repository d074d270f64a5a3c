"""Break the real stack in two ways that stop it for good, and time how the watchdog and the supervisor bring it back.

    python bench/recovery.py [--json FILE] [--here]

`wedge`: `kill -9` for the idle LocalExecutor worker that holds the queue's read lock. `postgres`: an immediate stop of
the server, ten seconds without one. A lead comes right after each fault. Exit 0 when each lead became exactly one
message and tasks ran again within the limit.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import machine, own_stack
from bench.own_line import end_on_signals
from handoff import clock
from handoff.ledger import db
from handoff.local import processes, progress, stack, supervisor
from handoff.local.state import Layout
from handoff.settings import settings
from handoff.vitals import facts, troubles
from handoff.vitals.facts import Facts

RESULTS = Path(__file__).parent / "results" / "recovery.json"
LIMIT_S = 180
LEAD_LIMIT_S = 300
OUTAGE_S = 10
VISITOR = {"country": "United States", "employees": 250}
READ_CALLS = {"0"}
"""`read` in /proc/PID/syscall of an x86-64; the workers that wait for the lock are in `futex`."""


def main() -> int:
    """Exit status: 0 both faults were survived in time, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--here", action="store_true", help="break the stack that runs in HANDOFF_HOME")
    given = parser.parse_args()
    end_on_signals()
    if given.here:
        found = measure(stack.activate())
    else:
        with own_stack.own_stack(keep=False) as where:
            found = measure(where)
    print(json.dumps(found, indent=2))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    faults = [found["wedge"], found["postgres"]]
    on_time = all(each["tasks_run_again_s"] <= LIMIT_S and each["lead_s"] <= LEAD_LIMIT_S for each in faults)
    return 0 if on_time and all(each["messages"] == 1 for each in faults) else 1


def measure(where: Layout) -> dict[str, Any]:
    """Seconds from each fault on, and how many messages its lead became."""
    load_before = machine.load()
    with db.connect() as connection:
        described = machine.describe(connection, load_before)
    return {
        "measured_on": f"{clock.now():%Y-%m-%d}",
        "machine": described,
        "canary_limit_s": troubles.limits().canary_s,
        "wedge": _after(where, _kill_the_reader),
        "postgres": _after(where, _stop_postgres),
    }


def _after(where: Layout, fault: Callable[[Layout], None]) -> dict[str, Any]:
    _wait_for(lambda: _age(facts.look()) < 20, 150, "the canary does not sing")
    scheduler, said = _scheduler(where), len(_messages())
    fault(where)
    began, times = time.monotonic(), dict[str, float]()
    lead = str(_sandbox("POST", "act/demo_request", VISITOR)["contactId"])

    def watch() -> bool:
        past = time.monotonic() - began
        found = facts.look()
        texts = [str(each.get("text")) for each in _messages()[said:]]
        happened = {
            "alert_s": any(":rotating_light:" in text for text in texts),
            "scheduler_restarted_s": _scheduler(where) not in (None, scheduler),
            "tasks_run_again_s": _age(found) < past and _scheduler(where) != scheduler,
            "lead_s": bool(_about(where, lead)),
            "recovery_told_s": any(":white_check_mark:" in text for text in texts),
        }
        times.update({name: round(past, 1) for name, yes in happened.items() if yes and name not in times})
        return {"tasks_run_again_s", "lead_s"} <= times.keys()

    _wait_for(watch, 420, f"no recovery: {times}")
    # Time for a second message, if there were one, and for the word that it is over.
    progress.wait(lambda: (watch(), "alert_s" in times and "recovery_told_s" in times)[1], timeout_s=20, interval_s=1)
    found = {**times, "messages": _about(where, lead)}
    print(fault.__name__, found, flush=True)
    return found


def _kill_the_reader(where: Layout) -> None:
    def found() -> list[psutil.Process]:
        return [each for each in processes.of(where, "scheduler") if _is_idle(each) and _syscall(each) in READ_CALLS]

    _wait_for(lambda: len(found()) == 1, 60, "no idle worker holds the lock")
    found()[0].kill()


def _is_idle(process: psutil.Process) -> bool:
    try:
        return "<idle>" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _syscall(process: psutil.Process) -> str:
    return Path(f"/proc/{process.pid}/syscall").read_text().split()[0]


def _stop_postgres(where: Layout) -> None:
    pid = int((where.data / "postmaster.pid").read_text().splitlines()[0])
    # What `pg_ctl -m immediate` sends; and the supervisor is kept from starting it at once.
    psutil.Process(pid).send_signal(signal.SIGQUIT)
    supervisor.stop_component(where, "postgres")
    time.sleep(OUTAGE_S)
    supervisor.start_component(where, "postgres")


def _scheduler(where: Layout) -> int | None:
    return next(each for each in supervisor.components(where) if each.name == "scheduler").pid


def _age(found: Facts | None) -> float:
    return found.canary_age_s if found is not None and found.canary_age_s is not None else float("inf")


def _about(where: Layout, lead: str) -> int:
    """Direct messages in Slack that are about a lead: its card, which links to the record."""
    return sum(
        lead in json.dumps(each)
        for each in _messages()
        if each["channel"].startswith("D") and not each.get("thread_ts")
    )


def _messages() -> list[dict[str, Any]]:
    return list(_sandbox("GET", "slack/messages")["messages"])


def _sandbox(method: str, path: str, body: Any = None) -> dict[str, Any]:
    url = f"http://127.0.0.1:{settings().sandbox_port}/_sandbox/{path}"
    return dict(httpx.request(method, url, json=body, timeout=30).raise_for_status().json())


def _wait_for(is_so: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
    if not progress.wait(is_so, timeout_s=timeout_s, interval_s=0.5):
        raise RuntimeError(otherwise)


if __name__ == "__main__":
    sys.exit(main())
