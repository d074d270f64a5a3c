"""Work in a process of its own that is to be killed at one of `handoff.crash`'s points."""

import os
import signal
from collections.abc import Callable

from handoff import crash
from handoff.ledger import db
from handoff.ledger.db import Connection


def dies_at(point: str, work: Callable[[Connection], object], nth: int = 1) -> bool:
    """Whether it was killed there, the nth time it came by, and did not come to its end. The connection is its own."""
    process = os.fork()
    if process == 0:
        os.environ[crash.VARIABLE] = f"{point}:{nth}"
        try:
            with db.connect() as connection:
                work(connection)
        finally:
            os._exit(0)
    _, ended = os.waitpid(process, 0)
    return os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
