"""The facts of a real ledger, what is wrong by them, and their Prometheus form."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from handoff import clock, stations
from handoff.ledger import db, heartbeats
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.vitals import facts, metrics, troubles
from handoff.vitals.facts import Effects
from handoff.vitals.troubles import Limits
from tests.conftest import Database

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LIMITS = Limits()


def ago(**given: float) -> datetime:
    return NOW - timedelta(**given)


@pytest.fixture
def connection(module_database: Database) -> Iterator[Connection]:
    with psycopg.connect(module_database.admin_dsn) as admin:
        admin.execute(
            """truncate handoff.inbox, handoff.pending_leads, handoff.heartbeats, handoff.outbox, handoff.gates,
            handoff.floods, handoff.cursors, handoff.unfinished_loads, raw.quarantine, raw.batches cascade"""
        )
    with db.connect() as connection:
        yield connection


def ids(connection: Connection, limit: Limits = LIMITS) -> list[str]:
    return [each.id for each in troubles.of(facts.read(connection, NOW), limit)]


def test_an_empty_ledger_has_never_seen_the_canary_and_nothing_else_is_wrong(connection: Connection) -> None:
    assert ids(connection) == ["canary-never"]
    heartbeats.beat(connection, heartbeats.CANARY, ago(seconds=60))
    assert ids(connection) == []
    assert troubles.state([]) == "ok"


@pytest.mark.parametrize(("seconds", "is_wrong"), [(0, False), (0.9, False), (2, True), (-2, True), (-600, True)])
def test_a_clock_that_is_not_postgres_is_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, seconds: float, is_wrong: bool
) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, clock.now())
    present = clock.now
    monkeypatch.setattr(clock, "now", lambda: present() + timedelta(seconds=seconds))
    found = facts.look()
    assert found is not None
    assert found.clock_skew_s == pytest.approx(seconds, abs=0.5)
    wrong = [each for each in troubles.of(found, Limits(canary_s=10_000)) if each.id == "clock"]
    assert len(wrong) == is_wrong
    assert f"handoff_clock_skew_seconds {found.clock_skew_s}" in metrics.text(found, {}).decode()
    assert all(f"{seconds:+.0f} s away" in each.text for each in wrong)


def test_a_worker_s_clock_is_told_by_the_canary_and_makes_no_dead_scheduler(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong() -> tuple[list[str], float]:
        found = facts.look()
        assert found is not None
        return [each.id for each in troubles.of(found, LIMITS)], found.worker_skew_s

    present = clock.now
    with monkeypatch.context() as worker:
        worker.setattr(clock, "now", lambda: present() - timedelta(minutes=10))
        stations.canary()
    names, seconds = wrong()
    assert (names, seconds) == (["clock-worker"], pytest.approx(-600, abs=0.5))
    # Another worker, whose clock is right, does not make the first one's right.
    stations.canary()
    assert wrong() == (names, seconds)
    connection.execute("update handoff.heartbeats set beat_at = beat_at - interval '16 minutes' where name = 'worker'")
    stations.canary()
    assert wrong() == ([], 0)


def test_a_silent_canary_is_down_and_an_older_beat_changes_nothing(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, ago(seconds=121))
    heartbeats.beat(connection, heartbeats.CANARY, ago(hours=1))
    found = troubles.of(facts.read(connection, NOW), LIMITS)
    assert [each.id for each in found] == ["canary"]
    assert "121 s" in found[0].text
    assert troubles.state(found) == "down"
    assert ids(connection, Limits(canary_s=122)) == []


def test_a_load_that_does_not_end_is_told(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, ago(seconds=1))
    loads.begin(connection, ago(seconds=121))
    loads.begin(connection, ago(seconds=5))
    (found,) = troubles.of(facts.read(connection, NOW), LIMITS)
    assert (found.id, found.is_sure) == ("load", True)
    assert "121 s" in found.text
    assert ids(connection, Limits(load_s=122)) == []
    loads.end(connection)
    assert ids(connection) == []


def effect(connection: Connection, key: str, kind: str, state: str, at: datetime) -> None:
    """One that was due and tried at that moment."""
    connection.execute(
        """insert into handoff.outbox
            (dedupe_key, kind, payload, created_at, state, not_before, attempts, last_attempt_at)
        values (%(key)s, %(kind)s, '{}', %(at)s, %(state)s, %(at)s, 1, %(at)s)""",
        {"key": key, "kind": kind, "state": state, "at": at},
    )


def test_what_was_given_up_needs_somebody_for_a_day_and_what_was_taken_back_nobody(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, NOW)
    effect(connection, "withdrawn", "slack_dm", "withdrawn", NOW)
    effect(connection, "long ago", "slack_dm", "dead", ago(days=1))
    assert ids(connection) == []
    effect(connection, "lately", "slack_dm", "dead", ago(hours=23))
    seen = facts.read(connection, NOW)
    assert (seen.dead, seen.outbox) == (1, {"slack_dm": Effects(0, 0, 1)})
    assert ids(connection) == ["dead"]


def test_what_waits_is_counted_and_too_long_is_named(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, NOW)
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, received_at, extracted_at, wakes, held_because)
        values ('1', 1, %(old)s, %(new)s, true, null), ('2', 1, null, %(new)s, true, null),
        ('3', 1, %(older)s, %(older)s, true, 'no rep'), ('4', 1, %(older)s, %(older)s, false, null)""",
        {"old": ago(seconds=301), "new": ago(seconds=10), "older": ago(hours=9)},
    )
    for number, (kind, state, due) in enumerate(
        [("slack_dm", "pending", ago(seconds=601)), ("slack_dm", "pending", ago(seconds=-60)),
         ("slack_review", "pending", ago(seconds=599)), ("hubspot_contact", "dead", ago(seconds=86_399))]
    ):  # fmt: skip
        effect(connection, str(number), kind, state, due)
    seen = facts.read(connection, NOW)
    assert (seen.pending, seen.held, seen.lead_age_s) == (4, 1, 301)
    assert seen.outbox == {
        "slack_dm": Effects(2, 601, 0),
        "slack_review": Effects(1, 599, 0),
        "hubspot_contact": Effects(0, 0, 1),
    }
    assert ids(connection) == ["pending", "outbox-slack_dm", "dead"]


def test_contacts_that_were_not_read_for_too_long_are_named_and_other_streams_are_not(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, NOW)
    assert facts.read(connection, NOW).ingest_age_s is None
    connection.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (NOW,))
    for stream, seen_until in (("hubspot_contacts", ago(seconds=600)), ("hubspot_forms", ago(days=9))):
        connection.execute(
            """insert into handoff.cursors (stream, seen_until, seen_at, batch_id)
            select %s, %s, %s, batch_id from raw.batches""",
            (stream, seen_until, NOW),
        )
    assert ids(connection) == []
    assert ids(connection, Limits(ingest_s=599)) == ["ingest"]


def test_a_watch_that_has_not_ended_a_run_for_too_long_is_named(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, NOW)
    assert facts.read(connection, NOW).watch_age_s is None
    heartbeats.beat(connection, heartbeats.WATCH, ago(seconds=300))
    assert ids(connection) == []
    assert ids(connection, Limits(watch_s=299)) == ["watch"]


def test_leads_that_a_flood_holds_are_not_called_stuck(connection: Connection) -> None:
    heartbeats.beat(connection, heartbeats.CANARY, NOW)
    connection.execute(
        "insert into handoff.pending_leads (lead_id, batch_id, extracted_at) values ('1', 1, %s)", (ago(hours=1),)
    )
    assert ids(connection) == ["pending"]
    connection.execute("insert into handoff.floods (opened_at, allowed) values (%s, 30)", (ago(hours=1),))
    assert ids(connection) == ["flood"]


def test_no_ledger_is_down_and_is_said_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {"conn_type": "postgres", "host": "127.0.0.1", "port": 9, "login": "x", "schema": "handoff"}
    monkeypatch.setenv("AIRFLOW_CONN_HANDOFF_DB", json.dumps(nowhere))
    assert facts.look() is None
    assert [each.id for each in troubles.of(None, LIMITS)] == ["ledger"]
    assert b"handoff_ledger_up 0.0" in metrics.text(None, {"ledger": True})


def test_the_metrics_hold_the_facts(connection: Connection) -> None:
    seen = replace(
        facts.read(connection, NOW),
        **{"canary_age_s": 7.0, "pending": 5, "lead_age_s": 42.0, "held": 4, "inbox": 3, "inbox_age_s": 2.0},
        **{
            "quarantined": 6,
            "open_floods": 1,
            "gates": {"hubspot_contacts": False},
            "ingest_age_s": 61.0,
            "watch_age_s": 33.0,
        },
        clock_skew_s=-1.5,
        worker_skew_s=2.5,
        outbox={"slack_dm": Effects(8, 9.0, 10)},
        watermark_age_s={"hubspot_calls": 11.0},
    )
    text = metrics.text(seen, {"gate-hubspot_contacts": False}).decode()
    assert {line for line in text.splitlines() if not line.startswith("#")} == {
        "handoff_ledger_up 1.0",
        "handoff_canary_age_seconds 7.0",
        "handoff_pending_leads 5.0",
        "handoff_lead_age_seconds 42.0",
        "handoff_ingest_age_seconds 61.0",
        "handoff_watch_age_seconds 33.0",
        "handoff_clock_skew_seconds -1.5",
        "handoff_unfinished_load_seconds 0.0",
        "handoff_worker_clock_skew_seconds 2.5",
        "handoff_held_leads 4.0",
        "handoff_inbox_depth 3.0",
        "handoff_inbox_age_seconds 2.0",
        "handoff_quarantined_records 6.0",
        "handoff_open_floods 1.0",
        'handoff_outbox_depth{kind="slack_dm"} 8.0',
        'handoff_outbox_due_age_seconds{kind="slack_dm"} 9.0',
        'handoff_dead_letters{kind="slack_dm"} 10.0',
        'handoff_gate_open{gate="hubspot_contacts"} 0.0',
        'handoff_watermark_age_seconds{stream="hubspot_calls"} 11.0',
        'handoff_trouble{id="gate-hubspot_contacts"} 1.0',
    }


def test_a_limit_is_a_variable_and_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDOFF_CANARY_S", "90")
    assert troubles.limits() == Limits(canary_s=90)
    for wrong in ("soon", "0", "-1", "inf", "nan"):
        monkeypatch.setenv("HANDOFF_CANARY_S", wrong)
        with pytest.raises(ValueError, match="HANDOFF_CANARY_S"):
            troubles.limits()
