import os
import signal
import subprocess
import sys

import pytest

from handoff.local import processes, progress

SCRIPT = """
import os, sys, time
if sys.argv[1] == "protected":
    from handoff.local import orphans
    orphans.leave_none()
if os.fork() == 0:
    if os.fork() == 0:
        print(os.getppid(), os.getpid(), flush=True)
    time.sleep(30)
time.sleep(30)
"""


@pytest.mark.parametrize(("mode", "survives"), [("protected", False), ("bare", True)])
def test_children_and_grandchildren_die_with_a_killed_process(mode: str, survives: bool) -> None:
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT, mode], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    forked = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    try:
        gone = progress.wait(lambda: not any(map(processes.is_alive, forked)), timeout_s=1 if survives else 10)
        assert gone is not survives
    finally:
        for pid in filter(processes.is_alive, forked):
            os.kill(pid, signal.SIGKILL)
