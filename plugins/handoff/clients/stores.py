"""Where budgets and breakers are kept: see `ledger_store` for the one that all processes share.

A store knows no rule. It hands what is kept to a function, and keeps what the function returns, with nobody else in
between.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from handoff import clock
from handoff.clients.window import Window

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Api:
    """What all processes know of one vendor. Moments are milliseconds since 1970, 0 for never."""

    breaker: str = "closed"
    failures: int = 0
    opened_at: int = 0
    tried_at: int = 0
    reason: str = ""
    """Why the breaker opened."""
    day_limit: int | None = None
    day_left: int | None = None
    low_until: int = 0
    spent_until: int = 0
    time_zone: str = ""
    """The one whose midnight ends the vendor's day."""


class Store(Protocol):
    """Keeps budgets and breakers; safe to share between threads."""

    def turn(self, api: str, policy: str, decide: Callable[[Window, Api, int], tuple[Window, T]]) -> T:
        """Change one policy's window by a function of it, of its vendor and of the present, and return what it says."""

    def change(self, api: str, to: Callable[[Api, int], Api]) -> tuple[Api, Api]:
        """Change what is known of a vendor by a function of it and of the present; returns it before and after."""


class LocalStore:
    """In the memory of one process: for tests, and for a client without a ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], Window] = defaultdict(Window)
        self._apis: dict[str, Api] = defaultdict(Api)

    def turn(self, api: str, policy: str, decide: Callable[[Window, Api, int], tuple[Window, T]]) -> T:
        """See `Store`."""
        with self._lock:
            window, said = decide(self._windows[api, policy], self._apis[api], milliseconds(clock.now()))
            self._windows[api, policy] = window
            return said

    def change(self, api: str, to: Callable[[Api, int], Api]) -> tuple[Api, Api]:
        """See `Store`."""
        with self._lock:
            before = self._apis[api]
            self._apis[api] = to(before, milliseconds(clock.now()))
            return before, self._apis[api]


def milliseconds(moment: datetime | None) -> int:
    """Whole milliseconds since 1970, 0 for None."""
    return 0 if moment is None else (moment - _EPOCH) // _MS


def moment(at_ms: int) -> datetime | None:
    """The inverse of `milliseconds`."""
    return _EPOCH + at_ms * _MS if at_ms else None
