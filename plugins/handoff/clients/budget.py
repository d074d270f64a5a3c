"""One vendor's budget, shared by all processes: a place within its limits for each request, under its breaker."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, TypeVar

from pybreaker import CircuitBreakerError

from handoff import clock
from handoff.clients import breaker, window
from handoff.clients.ledger_store import ledger
from handoff.clients.stores import Api, Store, milliseconds, moment
from handoff.clients.window import Lane, Limit, Place, Window

T = TypeVar("T")
Reason = Literal["breaker", "room", "day", "reserve"]

LONGEST_WAIT_S: dict[Lane, float] = {"line": 30.0, "background": 120.0}
"""For one place, in all; a block may be as long."""
DAY_RESERVE = 0.05
"""Of the day's quota: the last of it is kept for the line."""
NOTED_SHARE = 0.001
"""What is left of the day is written down when it has moved by so much of the whole."""


@dataclass(frozen=True)
class Policy:
    """One limit of a vendor, as it is documented for the smallest plan; what the vendor says itself goes before."""

    name: str
    limits: tuple[Limit, ...]
    margin_ms: int = 100
    """Added to the vendor's intervals. A request that takes longer counts from its answer, see `Budget.call`."""
    is_exact: bool = True
    """False: the vendor lets a few more pass, and answers need not be waited for."""


class NotAsked(RuntimeError):
    """Nothing was sent, because of a limit that would be crossed or a vendor that is down; the message says which."""

    def __init__(self, message: str, reason: Reason, retry_after_s: float, since: datetime | None = None):
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.since = since
        """When the breaker opened."""


class Budget:
    """Places for one client's requests.

    :param api: the vendor, as rows of `handoff.apis` name it.
    :param lane: `background` leaves the line its share of every limit.
    :param store: None for the ledger's.
    :param sleep: waits that many seconds.
    """

    def __init__(
        self,
        api: str,
        *,
        lane: Lane = "line",
        store: Store | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api = api
        self.lane = lane
        self.seen = Api()
        """The vendor's state as it was with the last place."""
        self.waited_s = 0.0
        """Seconds that all calls together have waited for places."""
        self._known: dict[str, tuple[Limit, ...]] = {}
        self._given = store
        self._sleep = sleep

    @cached_property
    def _store(self) -> Store:
        return self._given or ledger()

    def call(
        self,
        policy: Policy,
        exchange: Callable[[], T],
        is_fault: Callable[[Exception], bool],
        longest_wait_s: float | None = None,
    ) -> T:
        """Wait for a place, then make the exchange.

        A request reaches the vendor some time between its place and its answer. The margin covers what is answered
        within it; anything slower counts from its answer, so that no jitter lets one request too many arrive.

        Args:
            is_fault: whether an exception of the exchange is the vendor's failure: eight in a row open the breaker.
            longest_wait_s: for the place.

        Raises:
            NotAsked: nothing was sent.
            psycopg.Error: the ledger cannot be reached.
        """
        at, began = self._place(policy, LONGEST_WAIT_S[self.lane] if longest_wait_s is None else longest_wait_s)
        try:
            return breaker.guard(self._store, self.api, self.seen, is_fault).call(exchange)
        except CircuitBreakerError as problem:
            raise self._resting(self.seen, breaker.TRIAL_MS) from problem
        finally:
            late_ms = round((time.monotonic() - began) * 1000) - policy.margin_ms
            if policy.limits and policy.is_exact and late_ms > 0:
                self._revise(policy, lambda kept, now: window.answered(kept, at, at + late_ms))

    def block(self, policy: Policy, seconds: float) -> None:
        """Keep everybody's requests back: the vendor refused one, so somebody else uses the limit, too."""
        for_ms = round(seconds * 1000)
        self._revise(policy, lambda kept, now: replace(kept, blocked_until=max(kept.blocked_until, now + for_ms)))

    def learn(self, policy: Policy, limits: tuple[Limit, ...]) -> None:
        """Remember what the vendor says its limits are; nothing when it says nothing."""
        if limits and self._known.get(policy.name) != limits:
            self._known[policy.name] = limits
            self._revise(policy, lambda kept, now: replace(kept, limits=limits))

    def note_day(self, limit: int, left: int, until: Callable[[datetime], datetime]) -> None:
        """Remember what is left of the day's quota; `until` is when the day of a moment ends."""
        low_until = milliseconds(until(clock.now())) if left < limit * DAY_RESERVE else 0
        known = self.seen.day_left
        if known is None or abs(known - left) >= limit * NOTED_SHARE or low_until != self.seen.low_until:
            self._change(lambda api, now: replace(api, day_limit=limit, day_left=left, low_until=low_until))

    def day_spent(self, until: datetime) -> None:
        """Remember that the day's quota is used up."""
        self._change(lambda api, now: replace(api, day_left=0, spent_until=milliseconds(until)))

    def remember_time_zone(self, name: str) -> None:
        """Remember whose midnight ends the vendor's day."""
        if self.seen.time_zone != name:
            self._change(lambda api, now: replace(api, time_zone=name))

    def _place(self, policy: Policy, longest_wait_s: float) -> tuple[int, float]:
        """The moment of the place, in milliseconds since 1970, and one just before it on the monotonic clock."""
        waited_s, sat_out = 0.0, 0
        while True:
            began = time.monotonic()
            now, place = self._turn(policy, sat_out)
            if place.at is not None:
                return place.at, began
            wait_s = place.wait_ms / 1000
            if waited_s + wait_s > longest_wait_s:
                said = f"{self.api}: no place within {policy.name} in {longest_wait_s:g} s; ask again in {wait_s:.1f} s"
                raise NotAsked(said, "room", wait_s)
            self._sleep(wait_s)
            waited_s, sat_out = waited_s + wait_s, now + place.wait_ms
            self.waited_s += wait_s

    def _turn(self, policy: Policy, sat_out: int) -> tuple[int, Place]:
        def decide(kept: Window, api: Api, now: int) -> tuple[Window, tuple[int, Place]]:
            self.seen, self._known[policy.name] = api, kept.limits
            self._check(api, now)
            limits = window.with_margin(kept.limits or policy.limits, policy.margin_ms) if policy.limits else ()
            after, place = window.ask(kept, limits, self.lane, now, sat_out)
            return after, (now, place)

        return self._store.turn(self.api, policy.name, decide)

    def _check(self, api: Api, now: int) -> None:
        if until := breaker.rests_until(api, now):
            raise self._resting(api, until - now)
        if api.spent_until > now:
            said = f"the day's calls are used up until {moment(api.spent_until):%Y-%m-%d %H:%M} UTC"
            raise NotAsked(f"{self.api}: {said}", "day", (api.spent_until - now) / 1000)
        if self.lane == "background" and api.low_until > now:
            said = f"{api.day_left} of the day's {api.day_limit} calls are left, which are kept for the line until "
            said += f"{moment(api.low_until):%Y-%m-%d %H:%M} UTC"
            raise NotAsked(f"{self.api}: {said}", "reserve", (api.low_until - now) / 1000)

    def _resting(self, api: Api, wait_ms: int) -> NotAsked:
        since, wait_s = moment(api.opened_at), wait_ms / 1000
        said = f"{self.api}: breaker open since {since:%H:%M:%S} UTC, for {wait_s:.0f} s more, after: {api.reason}"
        return NotAsked(said, "breaker", wait_s, since)

    def _revise(self, policy: Policy, to: Callable[[Window, int], Window]) -> None:
        self._store.turn(self.api, policy.name, lambda kept, api, now: (to(kept, now), None))

    def _change(self, to: Callable[[Api, int], Api]) -> None:
        _, self.seen = self._store.change(self.api, to)
