"""A session with one HubSpot account: its token, its connections, its share of the limits, and what is tried again."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

import httpx
from airflow.sdk import BaseHook
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from handoff import clock, connections
from handoff.clients import hubspot_limits
from handoff.clients import hubspot_shapes as shapes
from handoff.clients.budget import DAY_RESERVE, Budget, NotAsked, Policy
from handoff.clients.hubspot_wire import (
    TIMEOUT,
    Answered,
    DailyLimitReached,
    HubSpotError,
    Json,
    NotSent,
    RateLimited,
    Unauthorized,
    Unavailable,
    is_fault,
    kept_back,
    once,
)
from handoff.clients.stores import LocalStore, Store
from handoff.clients.tls import trusted
from handoff.clients.window import Lane, Limit

ATTEMPTS = 5
_JITTER = wait_random_exponential(multiplier=0.5, max=8)


class HubSpotSession(BaseHook):
    """Sends requests over one pool of connections; safe to share between threads.

    :param hubspot_conn_id: Airflow connection; `extra.api_version` is a date version (default 2026-09) or `v3`.
    :param search_pace: searches per second of the account; None keeps no limit at all, and needs no ledger.
    :param lane: `background` for what no rep waits for: it leaves the line its share of every limit.
    :param store: where limits and breaker are kept, None for the ledger.
    :param sleep: waits that many seconds.
    """

    conn_name_attr = "hubspot_conn_id"
    default_conn_name = connections.HUBSPOT
    conn_type = "http"
    hook_name = "HubSpot"

    def __init__(
        self,
        hubspot_conn_id: str = default_conn_name,
        *,
        search_pace: int | None = 5,
        lane: Lane = "line",
        store: Store | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.hubspot_conn_id = hubspot_conn_id
        self.budget = Budget(
            "hubspot", lane=lane, store=LocalStore() if search_pace is None and store is None else store, sleep=sleep
        )
        self._search_pace = search_pace
        self._sleep = sleep
        self._asked_for_time_zone = False

    @property
    def waited_s(self) -> float:
        """Seconds that this hook's requests have waited for HubSpot's limits, all threads together."""
        return self.budget.waited_s

    @cached_property
    def credentials(self) -> connections.Credentials:
        """The connection, looked up once, and again when HubSpot refuses its token."""
        return connections.get(self.hubspot_conn_id)

    @cached_property
    def client(self) -> httpx.Client:
        """The pool of connections, opened at first use."""
        return httpx.Client(
            base_url=self.credentials.host or "https://api.hubapi.com",
            auth=self._sign,
            timeout=TIMEOUT,
            verify=trusted(),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16),
        )

    def account(self) -> Json:
        """Portal id, time zone, currency and kind of account."""
        details = self._read("GET", self._path("account"))
        self.budget.remember_time_zone(str(details.get("timeZone") or ""))
        return details

    def _sign(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self.credentials.password}"
        return request

    def _path(self, what: str) -> str:
        return shapes.path(what, str(self.credentials.extra.get("api_version") or "2026-09"))

    def _read(self, method: str, path: str, **request: Any) -> Json:
        """Ask for what changes nothing: again after a limit, a fault or no answer, five times at most."""
        retrying = Retrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_pause,
            sleep=self._sleep,
            reraise=True,
        )

        def attempt() -> Json:
            return self._send(method, path, retrying.statistics.get("attempt_number", 1), request)

        return retrying(attempt)

    def _write(self, method: str, path: str, body: Json) -> Json:
        return self._send(method, path, 1, {"json": body})

    def _list(self, path: str, limit: int, **query: Any) -> Iterator[Json]:
        for rows in self._pages(path, limit, **query):
            yield from rows

    def _pages(self, path: str, limit: int, **query: Any) -> Iterator[list[Json]]:
        """The rows of each page, to the one that names no next; a page may hold fewer than `limit`, or none."""
        after: str | None = None
        seen: set[str] = set()
        while True:
            asked = {**query, "limit": limit, **({"after": after} if after else {})}
            page = self._read("GET", path, params=asked, needs="results")
            yield page["results"]
            after = shapes.after(page)
            if not after:
                return
            if after in seen:
                raise HubSpotError(f"list of {path}: the pages after {after} come round again; try again")
            seen.add(after)

    def _send(self, method: str, path: str, attempt: int, request: dict[str, Any]) -> Json:
        """One request; a second one when the token was refused, which may have been changed meanwhile."""
        try:
            return self._within_limits(method, path, attempt, request)
        except Unauthorized:
            self.__dict__.pop("credentials", None)
            return self._within_limits(method, path, attempt, request)

    def _within_limits(self, method: str, path: str, attempt: int, request: dict[str, Any]) -> Json:
        policy = self._policy(hubspot_limits.policy_of(path))
        try:
            answer: Answered = self.budget.call(policy, lambda: once(self.client, method, path, **request), is_fault)
        except NotAsked as problem:
            raise kept_back(problem) from problem
        except RateLimited as problem:
            # Somebody else in the account uses the limit, too: everybody here steps back, this request with them.
            seconds = problem.retry_after_s * (attempt if problem.retry_after_s < 10 else 1)
            self.budget.block(policy, seconds)
            raise
        except DailyLimitReached:
            self.budget.day_spent(self._day_ends(clock.now()))
            raise
        self._learn(answer)
        return answer.body

    def _policy(self, policy: Policy) -> Policy:
        if self._search_pace is None:
            return replace(policy, limits=())
        return replace(policy, limits=(Limit(self._search_pace, 1000),)) if policy is hubspot_limits.SEARCH else policy

    def _learn(self, answer: Answered) -> None:
        told = hubspot_limits.told(answer.headers)
        self.budget.learn(hubspot_limits.TEN_SECONDLY, told.limits)
        if told.day is None:
            return
        quota, left = told.day
        if left < quota * DAY_RESERVE and not self.budget.seen.time_zone and not self._asked_for_time_zone:
            # From here on it matters when the day ends, and there are still calls left to ask.
            self._asked_for_time_zone = True
            with suppress(HubSpotError):
                self.account()
        self.budget.note_day(quota, left, self._day_ends)

    def _day_ends(self, now: datetime) -> datetime:
        return hubspot_limits.day_ends(now, self.budget.seen.time_zone)


def _passes(problem: BaseException) -> bool:
    """Whether the same request may get an answer a little later."""
    return isinstance(problem, (RateLimited, Unavailable)) and not isinstance(problem, NotSent)


def _pause(state: RetryCallState) -> float:
    """Seconds before the next attempt; after a limit the wait is for its place."""
    problem = state.outcome.exception() if state.outcome else None
    return 0.0 if isinstance(problem, RateLimited) else _JITTER(state)
