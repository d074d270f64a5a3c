"""Look on from outside of Airflow, tell people by a second path, and start a scheduler again that starts no task.

It needs neither Airflow nor Postgres to work: that one of them is gone is what it is there to say.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from handoff.local import metadata
from handoff.local.metadata import Dags
from handoff.vitals import second_path, troubles
from handoff.vitals.episodes import Episodes
from handoff.vitals.facts import Facts, look
from handoff.vitals.troubles import Limits, Trouble

log = logging.getLogger(__name__)

EVERY_S = 5.0
MOST_DOUBLED = 3
ABSENT = {"BACKOFF", "EXITED", "FATAL", "UNKNOWN"}
"""The supervisor's words for a scheduler that should be there and is not; STOPPED is what a person wanted."""


@dataclass(frozen=True)
class Seen:
    """The scheduler's process as its supervisor sees it."""

    state: str
    uptime_s: float


class Scheduler(Protocol):
    """Whatever holds the scheduler's process and can start it afresh."""

    def look(self) -> Seen: ...

    def restart(self) -> None:
        """Kill its whole process group, and start it."""


def judged(
    facts: Facts | None, dags: Dags | None, limit: Limits, seen: Seen | None, up_s: float, begun: set[str]
) -> list[Trouble]:
    """What people should hear of. A scheduler that has just been started is given time to let the canary sing, and
    every station to make up for what it missed.

    Args:
        dags: None where Airflow's metadata is not to be had.
        seen: None where the scheduler's process is somebody else's to hold.
        up_s: for how long the watchdog has looked on.
        begun: troubles that were there already, which a fresh start alone does not end.
    """
    found = troubles.of(facts, limit) + (troubles.of_dags(dags, limit) if dags else [])
    if seen is not None and seen.state in ABSENT:
        found.append(Trouble("scheduler", f"The scheduler's process is gone ({seen.state}).", is_down=True))
    early = {"canary", "canary-never"} if _grace(limit, seen, up_s) else set()
    early |= {name for name, patience_s in (("ingest", limit.ingest_s), ("watch", limit.watch_s)) if up_s <= patience_s}
    if up_s <= limit.failing_s:
        early |= {each.id for each in troubles.failing(dags, limit)} if dags else set()
    return [each for each in found if each.id not in early - begun]


def must_restart(
    facts: Facts | None, dags: Dags | None, limit: Limits, seen: Seen | None, up_s: float, in_vain: int = 0
) -> bool:
    """Whether the scheduler runs and starts no task: alive, old enough to know better, and the canary is silent.

    Not while the ledger is down: then the canary could not be heard. Nor while Airflow is not to run the canary, or
    other tasks get to a worker: to kill them would help nobody.

    Args:
        in_vain: restarts since the canary was last heard. Each gives the next one twice the time: on a busy machine a
            scheduler that is killed before it has started never does.
    """
    if facts is None or seen is None or seen.state != "RUNNING":
        return False
    if dags is not None and not (dags.canary_is_on and _starts_nothing(dags, limit)):
        return False
    if _grace(limit, seen, up_s, 2 ** min(in_vain, MOST_DOUBLED)):
        return False
    return is_silent(facts, limit)


def is_silent(facts: Facts, limit: Limits) -> bool:
    """Whether the canary should have been heard by now."""
    return facts.canary_age_s is None or facts.canary_age_s > limit.canary_s


def _starts_nothing(dags: Dags, limit: Limits) -> bool:
    return dags.started_s is None or dags.started_s > limit.canary_s


def _grace(limit: Limits, seen: Seen | None, up_s: float, times: int = 1) -> bool:
    runs_for = seen.uptime_s if seen is not None and seen.state == "RUNNING" else up_s
    return min(runs_for, up_s) <= limit.canary_s * times


@dataclass
class Watchdog:
    """One process's memory: what it has told, and since when the canary could be heard."""

    limit: Limits
    scheduler: Scheduler | None
    look: Callable[[], Facts | None] = look
    look_at_dags: Callable[[], Dags | None] = metadata.dags
    tell: Callable[[str], bool] = second_path.tell
    heard_since: float | None = None
    in_vain: int = 0
    dags: Dags | None = None
    """As last seen: while Airflow's metadata does not answer, nothing that it told is over."""
    episodes: Episodes = field(init=False)

    def __post_init__(self) -> None:
        self.episodes = Episodes(self.limit.patience_s)

    def round(self, now: float) -> None:
        """Look once, and act. `now` is in seconds of a monotonic clock."""
        facts = self.look()
        seen = self.scheduler.look() if self.scheduler is not None else None
        # An outage of the ledger silences the canary too; its time counts from when it is back.
        if facts is None:
            self.heard_since = None
        elif self.heard_since is None:
            self.heard_since = now
        up_s = now - self.heard_since if self.heard_since is not None else 0.0
        self.dags = self.look_at_dags() or (replace(self.dags, started_s=None) if self.dags else None)
        found = judged(facts, self.dags, self.limit, seen, up_s, set(self.episodes.since))
        for name, text in self.episodes.next(found, now, cannot_see=facts is None):
            if self.tell(text):
                self.episodes.sent(name, text)
        if facts is not None and not is_silent(facts, self.limit):
            self.in_vain = 0
        if self.scheduler is not None and must_restart(facts, self.dags, self.limit, seen, up_s, self.in_vain):
            self.in_vain += 1
            self.tell(":wrench: Handoff: the scheduler is killed with its workers and started again. [restart]")
            self.scheduler.restart()


def run(watchdog: Watchdog, every_s: float = EVERY_S) -> None:
    """Look for ever."""
    while True:
        attempt(watchdog)
        time.sleep(every_s)


def attempt(watchdog: Watchdog) -> None:
    """One round. What fails in it is logged, and the next one begins all the same."""
    try:
        watchdog.round(time.monotonic())
    except Exception:
        log.exception("a round failed")
