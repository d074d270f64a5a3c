"""Keep under a vendor's rate limit instead of running into it."""

import threading
import time
from collections import deque
from collections.abc import Callable


class Pace:
    """At most `count` passages in any `seconds`, for all threads of this process together."""

    def __init__(self, count: int, seconds: float, sleep: Callable[[float], None] = time.sleep):
        self._passages: deque[float] = deque(maxlen=count)
        self._seconds = seconds
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more passage is allowed."""
        with self._lock:
            if len(self._passages) == self._passages.maxlen:
                self._sleep(max(0.0, self._passages[0] + self._seconds - time.monotonic()))
            self._passages.append(time.monotonic())
