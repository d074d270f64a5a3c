"""What a life of `tests.integration.lives` can do; imported before the first of them begins."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

import psycopg

from handoff import clock
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.slack import SlackHook
from handoff.clients.stores import Api, LocalStore
from handoff.clients.window import Window
from handoff.ledger import attempt, db, inbox
from handoff.ledger.db import Connection
from handoff.notify import deliver as messages
from handoff.notify import senders
from handoff.review.run import build_marts
from handoff.route import run as route
from handoff.sync.tasks import keep
from handoff.sync.writeback import write_back

T = TypeVar("T")
TIMEOUT_S = 1
SETTLE = timedelta(seconds=5)
"""As in production, much longer than the time-out; both are shorter, so that a chaos run takes minutes."""
PAUSE_S = 0.05
RECENTLY = timedelta(minutes=1)
REASONS = (("bad_fit", "Bad fit"), ("no_interest", "No interest"))


class Unlimited(LocalStore):
    """Every request has its place at once: the limits have tests of their own."""

    def turn(self, api: str, policy: str, decide: Callable[[Window, Api, int], tuple[Window, T]]) -> T:
        self._windows.clear()
        return super().turn(api, policy, decide)


def stations(batch: int) -> None:
    """Route, notify and sync, three times over, so that every point is passed three times."""
    with db.connect() as connection:
        for _ in range(3):
            _stations(connection, batch, SlackHook(store=Unlimited()), HubSpotHook(search_pace=None))


def _stations(
    connection: Connection, batch: int, slack: SlackHook, hubspot: HubSpotHook, news_since: datetime | None = None
) -> None:
    route.run(connection, batch, clock.now())
    messages.deliver(connection, slack, news_since=news_since)
    write_back(connection, hubspot, REASONS)
    keep(connection, hubspot)


def marts() -> None:
    """Build the marts and show them to their readers."""
    with db.connect() as connection:
        build_marts(connection)


def sync() -> None:
    """Write back to the CRM what is due."""
    with db.connect() as connection:
        write_back(connection, HubSpotHook(search_pace=None), REASONS)


def station_for_ever(batch: int, gave_way: str, is_blind: bool) -> None:
    """Route, notify and sync again and again, with time running faster, until the process is killed.

    Every other pass gives way to what has come into the inbox.

    Args:
        gave_way: path of a file that gets a byte each time that one does.
        is_blind: never look whether an earlier attempt arrived.
    """
    if is_blind:
        senders.MessageSender.look = lambda *_: None  # type: ignore[method-assign]
    attempt.SETTLE = SETTLE
    slack, hubspot = SlackHook(store=Unlimited()), HubSpotHook(search_pace=None, store=Unlimited())
    slack.client.timeout = TIMEOUT_S
    inbox.has_news = _noted(inbox.has_news, Path(gave_way))  # type: ignore[assignment]
    passes = count()
    while True:
        try:
            with db.connect() as connection:
                while True:
                    news_since = None if next(passes) % 2 else clock.now() - RECENTLY
                    _stations(connection, batch, slack, hubspot, news_since)
                    time.sleep(PAUSE_S)
        except psycopg.OperationalError:
            time.sleep(PAUSE_S)


def _noted(has_news: Callable[[Connection, datetime], bool], gave_way: Path) -> Callable[[Connection, datetime], bool]:
    def noted(connection: Connection, since: datetime) -> bool:
        found = has_news(connection, since)
        if found:
            with gave_way.open("ab") as counted:
                counted.write(b".")
        return found

    return noted
