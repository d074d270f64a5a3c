"""Whatever this process forks dies with it: no task runs on, unseen, after what watches it was killed.

A LocalExecutor worker that is killed leaves its task running beside the next try; a scheduler that is killed leaves its
workers beside its successor's.
"""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that comes when the thread that forked this process ends; a fork does not inherit it."""


def leave_none() -> None:
    """Arrange it for every fork from now on, at any depth. Programs that are executed afresh are not concerned."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    def die_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            # It died between the fork and the line above.
            os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=remember, after_in_child=die_with_parent)
