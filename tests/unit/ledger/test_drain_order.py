"""In which order effects go out: the hottest lead's first, nobody starved, no doubt in the way of the others."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from handoff.ledger import drain as queue
from handoff.ledger.db import Connection, connect
from handoff.ledger.drain import drain
from handoff.ledger.outbox import Done, Effect, NotDelivered, Outcome, Unknown, put
from tests.unit.ledger.test_drain import NOW, Clock, Vendor

HAND_RAISER, HIGH, STANDARD = 5, 240, 480
"""Promised minutes."""


@pytest.fixture
def connection(database: Any) -> Iterator[Connection]:
    with connect() as opened:
        yield opened


def add(connection: Connection, key: str, minutes: Any, score: float, waiting_s: int = 0) -> None:
    """A message about a lead, due since so many seconds."""
    at = NOW - timedelta(seconds=waiting_s)
    connection.execute(
        """insert into handoff.handoffs (
            handoff_id, lead_id, product_id, cycle, definition_id, definition_version, tier_id, score,
            trigger_activity_id, trigger_kind, context, as_of, event_at, extracted_at, qualified_at, routed_at
        ) values (%(key)s, %(key)s, 'p', 1, 'd', '1', 't', %(score)s, 'a', 'k', %(context)s,
            %(at)s, %(at)s, %(at)s, %(at)s, %(at)s)""",
        {"key": key, "score": score, "context": Jsonb({"tier": {"response_minutes": minutes}}), "at": at},
    )
    put(connection, Effect(key, "slack_dm", {}, at, key))


def sent(connection: Connection, vendor: Vendor | None = None, clock: Clock | None = None) -> list[str]:
    """The order in which a drain tries what is due; everything arrives."""
    vendor = vendor or Vendor()
    drain(connection, "slack_dm", vendor, clock or Clock())
    return vendor.happened


def test_the_shorter_promise_goes_first_then_the_higher_score_then_what_waited_longer(connection: Connection) -> None:
    add(connection, "standard", STANDARD, 99)
    add(connection, "high", HIGH, 80)
    add(connection, "higher", HIGH, 90)
    add(connection, "hand-raiser", HAND_RAISER, 10)
    add(connection, "hand-raiser that waited", HAND_RAISER, 10, 1)
    assert sent(connection) == ["hand-raiser that waited", "hand-raiser", "higher", "high", "standard"]


def test_what_belongs_to_no_lead_goes_last_and_in_turn(connection: Connection) -> None:
    put(connection, Effect("second", "slack_dm", {}, NOW), Effect("first", "slack_dm", {}, NOW - timedelta(seconds=1)))
    add(connection, "lead", STANDARD, 1)
    assert sent(connection) == ["lead", "first", "second"]


def test_a_promise_that_cannot_be_read_stops_nobody(connection: Connection) -> None:
    add(connection, "odd", {"minutes": "soon"}, 50)
    add(connection, "lead", STANDARD, 50)
    assert sorted(sent(connection)) == ["lead", "odd"]


def test_of_four_turns_one_goes_to_what_waited_longest(connection: Connection) -> None:
    for n in range(12):
        add(connection, f"hot-{n:02}", HAND_RAISER, 90)
    for n in range(3):
        add(connection, f"cold-{n}", STANDARD, 1, 60 - n)
    order = sent(connection)
    assert [order.index(f"cold-{n}") for n in range(3)] == [4, 9, 14]
    assert [each for each in order if each.startswith("hot")] == [f"hot-{n:02}" for n in range(12)]


def test_the_rest_waits_when_something_more_urgent_has_come(connection: Connection) -> None:
    for score in (30, 20, 10):
        add(connection, f"score {score}", HIGH, score)
    vendor, news = Vendor(), iter([False, False, True])
    counts = drain(connection, "slack_dm", vendor, Clock(), gives_way=lambda: next(news))
    assert vendor.happened == ["score 30", "score 20"]
    assert (counts["sent"], counts["pending"]) == (2, 1)
    assert sent(connection) == ["score 10"]


# The database is asked for the order alone, in a transaction that leaves nothing behind.
@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([5, 240, 480]), st.integers(0, 99), st.integers(0, 99)), max_size=40))
def test_nobody_waits_behind_more_than_four_for_each_who_waited_longer(
    module_database: object, waiting: list[tuple[int, int, int]]
) -> None:
    with connect() as connection, connection.transaction(force_rollback=True):
        for n, (minutes, score, seconds) in enumerate(waiting):
            add(connection, f"{n:02}", minutes, score, seconds)
        order = [row["dedupe_key"] for row in _keys(connection)]
    by_age = sorted(range(len(waiting)), key=lambda n: (-waiting[n][2], n))
    for place, n in enumerate(by_age):
        assert order.index(f"{n:02}") < (queue.STARVED + 1) * (place + 1)
    hottest = min(range(len(waiting)), key=lambda n: (waiting[n][0], -waiting[n][1], -waiting[n][2], n), default=None)
    assert hottest is None or order[0] == f"{hottest:02}"


def _keys(connection: Connection) -> list[dict[str, Any]]:
    ordered = [row["outbox_id"] for row in queue._due(connection, "slack_dm", NOW)]
    return connection.execute(
        "select dedupe_key from handoff.outbox where outbox_id = any(%(ids)s) "
        "order by array_position(%(ids)s, outbox_id)",
        {"ids": ordered},
    ).fetchall()


class TestOutage:
    """Slack is down for an hour, in each of three ways, while leads keep qualifying."""

    @pytest.mark.parametrize(
        "failure",
        [
            Unknown("timed out"),
            Unknown("accepted, then the connection was lost"),
            NotDelivered("refused", 30, is_vendor_wide=True),
        ],
        ids=["no answer", "accepted without an answer", "no connection"],
    )
    def test_nothing_is_lost_or_doubled_and_the_hottest_go_first(
        self, connection: Connection, failure: Outcome
    ) -> None:
        vendor, clock = Down(failure), Clock()
        for minute in range(60):
            for tier, minutes in (("a", HAND_RAISER), ("b", HIGH), ("c", STANDARD)):
                key = f"{tier}{minute:02}"
                add(connection, key, minutes, 50)
                connection.execute("update handoff.outbox set not_before = %s where dedupe_key = %s", (clock.at, key))
            drain(connection, "slack_dm", vendor, clock)
            clock.pass_by(minutes=1)
        assert vendor.tried < 200, "a vendor that is down is left alone"
        vendor.is_blind = False
        while drain(connection, "slack_dm", vendor, clock)["pending"]:
            clock.pass_by(minutes=1)
        assert sorted(vendor.happened) == sorted(f"{tier}{minute:02}" for tier in "abc" for minute in range(60))
        hot = [place for place, key in enumerate(vendor.served) if key.startswith("a")]
        # One turn in four goes to what waited longest, and the three tried last are not due yet.
        assert hot[-1] <= len(hot) * queue.STARVED / (queue.STARVED - 1) + queue.BREAKER


class Down(Vendor):
    """A vendor that fails as it is told, and cannot be asked what arrived, until it is up again."""

    def __init__(self, failure: Outcome) -> None:
        super().__init__(is_blind=True)
        self.failure, self.tried = failure, 0
        self.served: list[str] = []
        """In the order in which they were looked at or sent once it was up again."""

    def send(self, payload: dict[str, Any], dedupe_key: str) -> Outcome:
        self.tried += 1
        if self.is_blind:
            self.answers = {dedupe_key: [self.failure]}
        elif dedupe_key not in self.served:
            self.served.append(dedupe_key)
        return super().send(payload, dedupe_key)

    def look(self, payload: dict[str, Any], dedupe_key: str, since: datetime) -> Done | None:
        found = super().look(payload, dedupe_key, since)
        self.served.append(dedupe_key)
        return found


def test_doubts_that_cannot_be_resolved_hold_nobody_else_up(connection: Connection) -> None:
    """Messages can be posted, but nobody can be asked what was: the hottest three wait, the rest goes out."""
    for n in range(5):
        add(connection, f"hot-{n}", HAND_RAISER, 90)
    vendor, clock = Vendor({"*": [Unknown("500")] * 3}, is_blind=True), Clock()
    drain(connection, "slack_dm", vendor, clock)
    for n in range(20):
        add(connection, f"cold-{n}", STANDARD, 1)
    for _ in range(3):
        clock.pass_by(minutes=1)
        drain(connection, "slack_dm", vendor, clock)
    assert len(vendor.happened) == 22
    assert len(vendor.looked) == 3 * queue.BREAKER
    vendor.is_blind = False
    clock.pass_by(minutes=1)
    assert drain(connection, "slack_dm", vendor, clock) == {"sent": 3, "dead": 0, "pending": 0}
