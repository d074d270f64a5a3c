"""A scheduler that the watchdog runs itself: restarted with all that it forked, ended as it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.local import progress
from handoff.vitals.kept import Kept, keep
from handoff.vitals.watchdog import Watchdog
from tests.unit.vitals.test_watchdog import LIMITS, facts

# Forks a child that outlives it, as a scheduler forks its tasks; heeds no SIGTERM, as a wedged one does.
WEDGED = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
with open(sys.argv[1], "a") as file:
    print(os.getpid(), child.pid, file=file)
time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    """A zombie is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_silent_canary_ends_the_whole_group_and_a_new_one_is_given_time(tmp_path: Path) -> None:
    said: list[str] = []

    def tell(text: str) -> bool:
        said.append(text)
        return True

    started = tmp_path / "started"
    started.touch()

    def pairs() -> list[list[int]]:
        return [[int(pid) for pid in line.split()] for line in started.read_text().splitlines()]

    kept = Kept([sys.executable, "-c", WEDGED, str(started)])
    try:
        assert progress.wait(lambda: len(pairs()) == 1, timeout_s=30)
        dog = Watchdog(LIMITS, kept, look=lambda: facts(canary_age_s=500), tell=lambda text: said.append(text) is None)
        dog.round(0)
        kept.started_at -= 1000
        dog.round(1000)
        assert progress.wait(lambda: len(pairs()) == 2, timeout_s=30)
        (old, child), (new, _) = pairs()
        assert not is_alive(old)
        assert progress.wait(lambda: not is_alive(child), timeout_s=30)
        dog.round(1001)
        assert (kept.child.pid, is_alive(new)) == (new, True)
        assert len([text for text in said if "[restart]" in text]) == 1
    finally:
        os.killpg(kept.child.pid, signal.SIGKILL)
        kept.child.wait()


@pytest.mark.parametrize(("program", "status"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_it_ends_with_the_status_of_what_it_ran(program: str, status: int) -> None:
    kept = Kept(["sh", "-c", program])
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert keep(kept, Watchdog(LIMITS, kept, look=facts), every_s=0.05) == status
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)


def test_a_stop_of_the_container_reaches_the_scheduler(tmp_path: Path) -> None:
    """As Compose runs it: the container's SIGTERM ends the scheduler in its own way, and the container with it."""
    ready, ended = tmp_path / "ready", tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 3' TERM; touch {ready}; while :; do sleep 0.1; done"
    process = subprocess.Popen([sys.executable, "-m", "handoff.cli", "watchdog", "--", "sh", "-c", script])
    try:
        assert progress.wait(ready.exists, timeout_s=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 3
        assert ended.exists()
    finally:
        process.kill()
