"""The outbox's promise: whatever happens in between, an effect happens once, and none blocks another."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from handoff.ledger import attempt as protocol
from handoff.ledger import drain as queue
from handoff.ledger.db import Connection, connect
from handoff.ledger.drain import drain
from handoff.ledger.outbox import CannotLook, Done, Effect, NotDelivered, Outcome, Permanent, Unknown, put

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class Vendor:
    """A vendor that keeps what it accepted. `answers` come first, then everything works."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    is_blind: bool = False

    def send(self, payload: dict[str, Any], dedupe_key: str) -> Outcome:
        waiting = self.answers.get(dedupe_key) or self.answers.get("*") or []
        answer = waiting.pop(0) if waiting else Done({"ts": dedupe_key})
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Done) or (isinstance(answer, Unknown) and "accepted" in answer.error):
            self.happened.append(dedupe_key)
        return answer

    def look(self, payload: dict[str, Any], dedupe_key: str, since: datetime) -> Done | None:
        self.looked.append(dedupe_key)
        if self.is_blind:
            raise CannotLook("history is rate limited")
        return Done({"ts": "found"}) if dedupe_key in self.happened else None


@pytest.fixture
def connection(database: Any) -> Any:
    with connect() as opened:
        yield opened


def add(connection: Connection, *keys: str, kind: str = "slack_dm") -> int:
    return put(connection, *(Effect(key, kind, {"n": key}, NOW) for key in keys))


def row(connection: Connection, key: str) -> dict[str, Any]:
    found = connection.execute("select * from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
    assert found is not None
    return found


def test_an_effect_is_put_once(connection: Connection) -> None:
    assert add(connection, "a", "b") == 2
    assert add(connection, "b", "c") == 1


def test_an_effect_rolls_back_with_its_decision(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        add(connection, "a")
    assert add(connection, "a") == 1


def test_what_is_sent_is_not_sent_again(connection: Connection) -> None:
    add(connection, "a")
    vendor = Vendor()
    assert drain(connection, "slack_dm", vendor, Clock()) == {"sent": 1, "dead": 0, "pending": 0}
    assert drain(connection, "slack_dm", vendor, Clock()) == {"sent": 0, "dead": 0, "pending": 0}
    assert vendor.happened == ["a"]
    assert row(connection, "a")["result"] == {"ts": "a"}
    assert row(connection, "a")["sent_at"] == NOW


def test_other_kinds_and_later_effects_are_left_alone(connection: Connection) -> None:
    add(connection, "other", kind="slack_channel")
    put(connection, Effect("later", "slack_dm", {}, NOW, not_before=NOW + timedelta(seconds=1)))
    vendor = Vendor()
    assert drain(connection, "slack_dm", vendor, Clock()) == {"sent": 0, "dead": 0, "pending": 1}
    assert vendor.happened == []


def test_the_attempt_is_durable_before_anything_is_sent(connection: Connection, database: Any) -> None:
    class Witness(Vendor):
        def send(self, payload: dict[str, Any], dedupe_key: str) -> Outcome:
            with psycopg.connect(database.dsn) as other:
                seen = other.execute("select attempts, first_attempt_at from handoff.outbox").fetchone()
            assert seen == (1, NOW)
            return super().send(payload, dedupe_key)

    add(connection, "a")
    assert drain(connection, "slack_dm", Witness(), Clock())["sent"] == 1


def test_accepted_and_dropped_is_one_message(connection: Connection) -> None:
    add(connection, "a")
    vendor, clock = Vendor({"a": [Unknown("accepted, then the connection was lost")]}), Clock()
    assert drain(connection, "slack_dm", vendor, clock) == {"sent": 0, "dead": 0, "pending": 1}
    clock.pass_by(seconds=14)
    drain(connection, "slack_dm", vendor, clock)
    assert vendor.looked == [], "a late request may still land: it is too early to look"
    clock.pass_by(seconds=1)
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 1
    assert vendor.happened == ["a"]
    assert row(connection, "a")["result"] == {"ts": "found"}


def test_lost_on_the_way_is_sent_again_after_a_look(connection: Connection) -> None:
    add(connection, "a")
    vendor, clock = Vendor({"a": [Unknown("timed out")]}), Clock()
    drain(connection, "slack_dm", vendor, clock)
    clock.pass_by(seconds=15)
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 1
    assert (vendor.looked, vendor.happened) == (["a"], ["a"])


def test_nothing_is_sent_while_it_is_not_known(connection: Connection) -> None:
    add(connection, "a")
    vendor, clock = Vendor({"a": [Unknown("accepted, then the connection was lost")]}, is_blind=True), Clock()
    for _ in range(5):
        drain(connection, "slack_dm", vendor, clock)
        clock.pass_by(minutes=20)
    assert vendor.happened == ["a"]
    assert row(connection, "a")["state"] == "pending"
    assert "cannot look" in row(connection, "a")["last_error"]
    vendor.is_blind = False
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 1
    assert vendor.happened == ["a"]


def test_a_limit_is_waited_for_and_needs_no_look(connection: Connection) -> None:
    add(connection, "a")
    vendor, clock = Vendor({"a": [NotDelivered("ratelimited", 30)]}), Clock()
    drain(connection, "slack_dm", vendor, clock)
    assert row(connection, "a")["not_before"] == NOW + timedelta(seconds=30)
    assert row(connection, "a")["attempts"] == 0
    clock.pass_by(seconds=29)
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 0
    clock.pass_by(seconds=1)
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 1
    assert vendor.looked == []


def test_a_limit_after_a_doubt_leaves_the_doubt(connection: Connection) -> None:
    add(connection, "a")
    vendor, clock = Vendor({"a": [Unknown("timed out"), NotDelivered("ratelimited", 1)]}), Clock()
    for _ in range(3):
        drain(connection, "slack_dm", vendor, clock)
        clock.pass_by(minutes=1)
    assert vendor.looked == ["a", "a"]


def test_a_permanent_error_is_given_up_with_its_reason_in_one_transaction(connection: Connection) -> None:
    add(connection, "a")
    told: list[tuple[str, str]] = []

    def tell(inside: Connection, item: dict[str, Any], outcome: Done | Permanent) -> None:
        told.append((item["dedupe_key"], outcome.error if isinstance(outcome, Permanent) else ""))
        put(inside, Effect("dead:a", "slack_review", {}, NOW))

    counts = drain(connection, "slack_dm", Vendor({"a": [Permanent("channel_not_found")]}), Clock(), tell)
    assert counts == {"sent": 0, "dead": 1, "pending": 0}
    assert told == [("a", "channel_not_found")]
    assert (row(connection, "a")["state"], row(connection, "a")["last_error"]) == ("dead", "channel_not_found")
    assert row(connection, "dead:a")["state"] == "pending"


@pytest.mark.parametrize(
    "poison",
    [ValueError("boom"), Unknown("500"), Permanent("no"), NotDelivered("429", 60)],
    ids=lambda p: type(p).__name__,
)
def test_a_poison_item_does_not_stop_the_others(connection: Connection, poison: Any) -> None:
    add(connection, "poison", *(f"good-{n}" for n in range(20)))
    vendor = Vendor({"poison": [poison] * 3})
    assert drain(connection, "slack_dm", vendor, Clock())["sent"] == 20


def test_a_vendor_that_is_down_is_left_alone(connection: Connection) -> None:
    add(connection, *(f"a-{n}" for n in range(10)))
    vendor, clock = Vendor({"*": [Unknown("503")] * 3}), Clock()
    drain(connection, "slack_dm", vendor, clock)
    tried = connection.execute("select count(*) as n from handoff.outbox where attempts > 0").fetchone()
    assert tried is not None
    assert tried["n"] == queue.BREAKER
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 7


def test_a_refusal_of_all_keeps_the_queue(connection: Connection) -> None:
    add(connection, *(f"a-{n}" for n in range(10)))
    vendor = Vendor({"*": [NotDelivered("token_revoked", 60, is_vendor_wide=True)]})
    assert drain(connection, "slack_dm", vendor, Clock()) == {"sent": 0, "dead": 0, "pending": 10}
    untouched = connection.execute("select count(*) as n from handoff.outbox where not_before = %s", (NOW,)).fetchone()
    assert untouched is not None
    assert untouched["n"] == 9


def test_no_clear_answer_for_a_day_is_given_up(connection: Connection) -> None:
    add(connection, "a")
    vendor, clock = Vendor({"a": [Unknown("500")] * 500}), Clock()
    drain(connection, "slack_dm", vendor, clock)
    while clock.at < NOW + timedelta(hours=24):
        clock.pass_by(minutes=15)
        drain(connection, "slack_dm", vendor, clock)
        assert row(connection, "a")["state"] == "pending"
    clock.pass_by(minutes=15)
    assert drain(connection, "slack_dm", vendor, clock)["dead"] == 1
    assert "no clear answer" in row(connection, "a")["last_error"]


def test_an_attempt_recorded_too_slowly_is_not_sent(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    add(connection, "a")
    monkeypatch.setattr(protocol, "FRESH_S", -1.0)
    vendor = Vendor()
    assert drain(connection, "slack_dm", vendor, Clock())["pending"] == 1
    assert vendor.happened == []
    assert row(connection, "a")["attempts"] == 0


def test_two_drains_at_once_send_once(connection: Connection, database: Any) -> None:
    add(connection, *(f"a-{n}" for n in range(30)))
    vendor = Vendor()
    start = threading.Barrier(4)

    def run() -> None:
        with connect() as own:
            start.wait()
            drain(own, "slack_dm", vendor, Clock())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(vendor.happened) == sorted(f"a-{n}" for n in range(30))
    assert vendor.looked == []


KILLED = """
import os, signal, sys
from handoff import clock
from handoff.ledger.db import connect
from handoff.ledger.drain import drain
from handoff.ledger.outbox import Done

class Dying:
    def send(self, payload, dedupe_key):
        if sys.argv[1] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        open(sys.argv[2], "a").write(dedupe_key + "\\n")
        os.kill(os.getpid(), signal.SIGKILL)
    def look(self, payload, dedupe_key, since):
        raise AssertionError

with connect() as connection:
    drain(connection, "slack_dm", Dying(), clock.now)
"""


@pytest.mark.parametrize("point", ["before", "after"])
def test_a_killed_sender_leaves_one_message(connection: Connection, tmp_path: Path, point: str) -> None:
    add(connection, "a")
    accepted = tmp_path / "accepted"
    accepted.touch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, point, str(accepted)], env=environment, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert row(connection, "a")["attempts"] == 1
    vendor = Vendor(happened=accepted.read_text().split())
    clock = Clock(row(connection, "a")["last_attempt_at"] + protocol.SETTLE)
    assert drain(connection, "slack_dm", vendor, clock)["sent"] == 1
    assert (vendor.looked, vendor.happened) == (["a"], ["a"])


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_a_sender_that_is_stopped_keeps_its_turn_while_it_has_its_session(
    connection: Connection, database: Any, tmp_path: Path, is_cut_off: bool
) -> None:
    """The lock is the session's, not the clock's. One that has lost its session sends a second time, as
    docs/reliability.md says under "What is not promised"."""
    sent = tmp_path / "sent"

    class Stopped(Vendor):
        def send(self, payload: dict[str, Any], dedupe_key: str) -> Outcome:
            os.kill(os.getpid(), signal.SIGSTOP)
            sent.touch()
            return super().send(payload, dedupe_key)

    add(connection, "a")
    sender = os.fork()
    if sender == 0:
        try:
            with connect() as own:
                drain(own, "slack_dm", Stopped(), Clock())
        finally:
            os._exit(0)
    _, status = os.waitpid(sender, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    if is_cut_off:
        with psycopg.connect(database.admin_dsn) as admin:
            admin.execute(
                """select pg_terminate_backend(pid, 5000) from pg_locks
                where locktype = 'advisory' and granted and pid <> pg_backend_pid()"""
            )
    vendor, clock = Vendor(), Clock()
    clock.pass_by(minutes=1)
    counts = drain(connection, "slack_dm", vendor, clock)
    assert (counts["sent"], vendor.looked) == ((1, ["a"]) if is_cut_off else (0, []))
    os.kill(sender, signal.SIGCONT)
    os.waitpid(sender, 0)
    assert sent.exists()
    assert drain(connection, "slack_dm", vendor, clock) == {"sent": 0, "dead": 0, "pending": 0}
    assert row(connection, "a")["state"] == "sent"
    assert len(vendor.happened) == is_cut_off
