"""Places in a vendor's rolling windows: who may go now, and how long the others wait.

The rule is pyrate-limiter's `SlidingWindowLog`: exact, for any number of limits at once. Its bucket for Postgres was
tried and is not used: with four processes of eight threads on a busy machine, 7 passed in a second that has 5, because
the limiter dates a place by adding up what it meant to sleep. It also makes its table when it is constructed, which the
pipeline's role may not; it needs a table for each policy, so one for each Slack channel; and it locks the table without
waiting, so that callers turn each other away. Here the passages of a policy are one row, which callers queue for, dated
by the clock of the database.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from pyrate_limiter import Rate, SlidingWindowLog

Lane = Literal["line", "background"]
"""`line`: what a rep waits for. `background`: slow passes, sweeps, backfills."""

BACKGROUND_SHARE = 0.8
"""Of each limit: the most that background work may take."""
STEP_BACK_MS = 250
"""Background stays away so long after the moment for which a line request waits, so that it cannot be overtaken."""
_LOG = SlidingWindowLog()


class Limit(NamedTuple):
    """At most `requests` in any `interval_ms` milliseconds."""

    requests: int
    interval_ms: int


@dataclass(frozen=True)
class Window:
    """What is remembered of one policy. Moments are milliseconds since 1970, by the clock of the store."""

    line: tuple[int, ...] = ()
    """When the line's requests went, each once."""
    background: tuple[int, ...] = ()
    line_waits_until: int = 0
    blocked_until: int = 0
    """The vendor refused a request: until then nobody sends one."""
    limits: tuple[Limit, ...] = ()
    """What the vendor says the limits are; empty until it has said so."""


class Place(NamedTuple):
    """Admitted at `at`; or, when `at` is None, worth asking again in `wait_ms`."""

    at: int | None
    wait_ms: int = 0


def ask(window: Window, limits: tuple[Limit, ...], lane: Lane, now: int, sat_out: int = 0) -> tuple[Window, Place]:
    """The window after a request for a place, and the place.

    Args:
        limits: that hold now; without any, only a block refuses.
        sat_out: end of a block that the caller has waited for already.
    """
    if window.blocked_until > max(now, sat_out):
        return window, Place(None, window.blocked_until - now)
    if not limits:
        return window, Place(now)
    line, background = (_within(limits, each, now) for each in (window.line, window.background))
    wait_ms = _wait(limits, tuple(sorted((*line, *background))), now)
    if lane == "background":
        share = tuple(Limit(max(1, int(each.requests * BACKGROUND_SHARE)), each.interval_ms) for each in limits)
        wait_ms = max(wait_ms, _wait(share, background, now), window.line_waits_until - now)
    if wait_ms > 0:
        if lane == "background":
            return window, Place(None, wait_ms)
        until = max(window.line_waits_until, now + wait_ms + STEP_BACK_MS)
        return replace(window, line_waits_until=until), Place(None, wait_ms)
    at = _free(now, (*line, *background))
    if lane == "line":
        return replace(window, line=tuple(sorted((*line, at))), background=background), Place(at)
    return replace(window, line=line, background=tuple(sorted((*background, at)))), Place(at)


def answered(window: Window, at: int, counts_from: int) -> Window:
    """The window in which the passage of `at` counts from a later moment: its request may have arrived late."""
    line, background = (
        tuple(sorted(counts_from if each == at else each for each in lane)) for lane in (window.line, window.background)
    )
    return replace(window, line=line, background=background)


def with_margin(limits: tuple[Limit, ...], margin_ms: int) -> tuple[Limit, ...]:
    """Limits over a little more than the vendor's interval: requests do not arrive as evenly as they leave."""
    return tuple(Limit(each.requests, each.interval_ms + margin_ms) for each in limits)


def _within(limits: tuple[Limit, ...], passages: tuple[int, ...], now: int) -> tuple[int, ...]:
    return passages[bisect_left(passages, now - max(each.interval_ms for each in limits)) :]


def _wait(limits: tuple[Limit, ...], passages: tuple[int, ...], now: int) -> int:
    """Milliseconds until one more passage fits, 0 when it fits now."""
    rates = [Rate(each.requests, each.interval_ms) for each in limits]
    counts = [len(passages) - bisect_left(passages, _LOG.window_start(rate, now)) for rate in rates]
    decision = _LOG.decide(rates, counts, 1, now, lambda offset: passages[-1 - offset])
    return 0 if decision.allowed else max(1, decision.retry_after_ms or 0)


def _free(now: int, passages: tuple[int, ...]) -> int:
    """The first millisecond from `now` on that no other passage has: it names the passage."""
    taken = set(passages)
    while now in taken:
        now += 1
    return now
