"""A breaker per vendor, whose state all processes share.

pybreaker decides; the ledger keeps its state. A `CircuitBreaker` holds its lock for as long as a call takes, so that
each call gets an object of its own, over what was read with the call's place: nothing is asked of the ledger for a
call that succeeds.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitBreakerStorage,
)

from handoff.clients.stores import Api, Store, moment

log = logging.getLogger(__name__)

FAILURES = 8
"""In a row, of all processes together; more than one request's attempts, so that one bad record opens nothing."""
REST_S = 30.0
"""How long an open breaker lets nothing through, before one call finds out."""
TRIAL_MS = 20_000
"""The one call has an answer by then, or its process has died and another may try."""


def rests_until(api: Api, now: int) -> int:
    """Until when no call may go, in milliseconds since 1970; 0 when one may go now."""
    if api.breaker == STATE_OPEN:
        until = api.opened_at + round(REST_S * 1000)
    else:
        until = api.tried_at + TRIAL_MS if api.breaker == STATE_HALF_OPEN else 0
    return until if until > now else 0


def guard(store: Store, name: str, seen: Api, is_fault: Callable[[Exception], bool]) -> CircuitBreaker:
    """A breaker for one call; `seen` is what was just read of the vendor, `is_fault` tells its failures from ours.

    Its `call` raises `CircuitBreakerError` when another process is finding out whether the vendor works again.
    """
    return CircuitBreaker(
        fail_max=FAILURES,
        reset_timeout=REST_S,
        exclude=[lambda error: not is_fault(error)],
        listeners=[_Reason()],
        state_storage=_Shared(store, name, seen),
        throw_new_error_on_trip=False,
    )


class _Reason(CircuitBreakerListener):
    """Tells the storage why a call failed: it says so when the breaker opens."""

    def failure(self, cb: CircuitBreaker, exc: BaseException) -> None:
        cb._state_storage.reason = str(exc)[:300]  # type: ignore[attr-defined]


class _Shared(CircuitBreakerStorage):
    """One call's view of the state: what was read, and whether the trial is this call's."""

    def __init__(self, store: Store, name: str, seen: Api) -> None:
        super().__init__(name)
        self._store = store
        self._seen = seen
        self._is_trial = False
        self._successes = 0
        self.reason = ""

    @property
    def state(self) -> str:
        """As this call may act on it: half-open is for the call that has the trial."""
        is_others_trial = self._seen.breaker == STATE_HALF_OPEN and not self._is_trial
        return STATE_OPEN if is_others_trial else self._seen.breaker

    @state.setter
    def state(self, state: str) -> None:
        {STATE_OPEN: self._open, STATE_HALF_OPEN: self._try, STATE_CLOSED: self._close}[state]()

    def increment_counter(self) -> None:
        self._change(lambda api, now: replace(api, failures=api.failures + 1))

    def reset_counter(self) -> None:
        if self._seen.failures:
            self._change(lambda api, now: replace(api, failures=0))

    def increment_success_counter(self) -> None:
        self._successes += 1

    def reset_success_counter(self) -> None:
        self._successes = 0

    @property
    def counter(self) -> int:
        return self._seen.failures

    @property
    def success_counter(self) -> int:
        return self._successes

    @property
    def opened_at(self) -> datetime | None:
        return moment(self._seen.opened_at)

    @opened_at.setter
    def opened_at(self, datetime: datetime) -> None:
        """Kept with the state, by the store's clock."""

    def _open(self) -> None:
        def opened(api: Api, now: int) -> Api:
            # A call that was under way when another opened it must not make the rest longer.
            if api.breaker == STATE_OPEN:
                return api
            return replace(api, breaker=STATE_OPEN, opened_at=now, reason=self.reason)

        before = self._change(opened)
        if before.breaker != STATE_OPEN:
            log.warning("%s: breaker open for %.0f s after: %s", self.name, REST_S, self.reason)

    def _try(self) -> None:
        def tried(api: Api, now: int) -> Api:
            is_free = api.breaker != STATE_CLOSED and not rests_until(api, now)
            return replace(api, breaker=STATE_HALF_OPEN, tried_at=now) if is_free else api

        before = self._change(tried)
        self._is_trial = self._seen != before
        if not self._is_trial and self._seen.breaker != STATE_CLOSED:
            raise CircuitBreakerError("another call finds out")

    def _close(self) -> None:
        before = self._change(lambda api, now: replace(api, breaker=STATE_CLOSED, failures=0, reason=""))
        if before.breaker != STATE_CLOSED:
            log.warning("%s: breaker closed, calls go through again", self.name)

    def _change(self, to: Callable[[Api, int], Api]) -> Api:
        before, self._seen = self._store.change(self.name, to)
        return before
