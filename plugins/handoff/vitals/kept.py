"""A scheduler in the hands of the process that started it: Compose restarts what ended, not what is unhealthy."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from handoff.vitals.watchdog import EVERY_S, Seen, Watchdog, attempt

log = logging.getLogger(__name__)


@dataclass
class Kept:
    """A child process, and all that it forks within its group."""

    command: Sequence[str]
    child: subprocess.Popen[bytes] = field(init=False)
    started_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    def look(self) -> Seen:
        """RUNNING, or EXITED when it ended by itself."""
        return Seen("RUNNING" if self.child.poll() is None else "EXITED", time.monotonic() - self.started_at)

    def restart(self) -> None:
        """`kill -9` for the whole group: a wedged one does not heed anything less."""
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        self._start()

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Give a signal to the child, which then ends as it would have without us."""
        with suppress(ProcessLookupError):
            self.child.send_signal(number)

    def _start(self) -> None:
        self.child = subprocess.Popen(self.command, start_new_session=True)
        self.started_at = time.monotonic()


def only_log(text: str) -> bool:
    """Tell nobody: another watchdog does."""
    log.warning("%s", text)
    return True


def keep(kept: Kept, dog: Watchdog, every_s: float = EVERY_S) -> int:
    """Watch a child until it ends by itself; returns its exit status, 128 + the signal that ended it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, kept.pass_on)
    while True:
        try:
            status = kept.child.wait(timeout=every_s)
            return status if status >= 0 else 128 - status
        except subprocess.TimeoutExpired:
            attempt(dog)
