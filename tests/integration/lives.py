"""Processes that may be killed at any moment, forked from one that has imported everything, as Airflow forks tasks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PASSED_ON = ("AIRFLOW_", "HANDOFF_")


class Lives:
    """Starts processes and knows how they ended; see `tests.integration.works` for what they can do."""

    def __init__(self, host: "subprocess.Popen[str]") -> None:
        self._host = host

    def start(self, work: str, crash: str = "", **given: Any) -> int:
        """Begin a life with today's environment, and return its process id; `crash` is a value of HANDOFF_CRASH."""
        environment = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        return int(self._ask(do="start", work=work, given=given, environment=environment | {"HANDOFF_CRASH": crash}))

    def wait(self, pid: int) -> int:
        """How it ended: 0, 1 after an exception (which is on stderr), or minus the signal that killed it."""
        return int(self._ask(do="wait", pid=pid))

    def has_ended(self, pid: int) -> bool:
        """Whether it has ended, of itself or not; how, `wait` says."""
        return bool(self._ask(do="look", pid=pid))

    def run(self, work: str, crash: str = "", **given: Any) -> int:
        """One whole life."""
        return self.wait(self.start(work, crash, **given))

    def _ask(self, **what: Any) -> Any:
        assert self._host.stdin is not None
        assert self._host.stdout is not None
        self._host.stdin.write(json.dumps(what) + "\n")
        self._host.stdin.flush()
        return json.loads(self._host.stdout.readline())


@contextmanager
def lives() -> Iterator[Lives]:
    """A host for lives; whoever still lives at the end is killed."""
    environment = os.environ | {"PYTHONPATH": f"{REPOSITORY / 'plugins'}{os.pathsep}{REPOSITORY}"}
    command = [sys.executable, "-m", "tests.integration.lives"]
    host = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Lives(host)
    finally:
        host.communicate(timeout=120)


def _host() -> None:
    import signal

    from tests.integration import works

    living: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "start":
            pid = os.fork()
            if pid == 0:
                _live(works, asked)
            living.add(pid)
            answer = pid
        elif asked["do"] == "look":
            answer = int(os.waitid(os.P_PID, asked["pid"], os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None)
        else:
            living.discard(asked["pid"])
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["pid"], 0)[1])
        print(answer, flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)
    # What it imported takes long to be taken down, and longer on a busy machine; nothing of it is worth that.
    os._exit(0)


def _live(works: Any, asked: dict[str, Any]) -> None:
    status = 1
    try:
        os.dup2(2, 1)
        os.environ.update(asked["environment"])
        getattr(works, asked["work"])(**asked["given"])
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _host()
