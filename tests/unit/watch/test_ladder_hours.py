"""Lunch, nights, weekends, holidays, changed clocks and other zones: steps keep the hours of whom they tell."""

from datetime import timedelta

import pytest

from handoff.ledger.db import Connection
from tests.unit.watch.clockwork import ANA, CHLOE, EMI, FARAH, HAND_RAISER, HIGH, hand, look, moment, notes, reps, steps

SECOND = timedelta(seconds=1)
PARIS, TOKYO = "Europe/Paris", "Asia/Tokyo"


@pytest.mark.parametrize(
    ("rep_id", "zone", "given", "due"),
    [
        ("ana-costa", "America/New_York", "2026-11-25 12:28", "2026-11-25 13:01"),
        ("ana-costa", "America/New_York", "2026-11-24 17:29", "2026-11-25 08:32"),
        ("ana-costa", "America/New_York", "2026-11-24 23:00", "2026-11-25 08:33"),
        ("ana-costa", "America/New_York", "2026-11-20 17:28", "2026-11-23 08:31"),
        ("ana-costa", "America/New_York", "2026-11-25 17:29", "2026-11-27 08:32"),
        # The weekend on which New York's clocks went back, and the one on which Paris's will go forward.
        ("ana-costa", "America/New_York", "2026-10-30 17:29", "2026-11-02 08:32"),
        ("chloe-martin", PARIS, "2027-03-25 17:59", "2027-03-30 09:02"),
        ("emi-tanaka", TOKYO, "2026-11-20 17:59", "2026-11-24 09:02"),
    ],
    ids=[
        "over lunch",
        "over night",
        "given at night",
        "over a weekend",
        "over Thanksgiving",
        "over the end of summer time",
        "over Easter in Paris, when it begins",
        "over Labor Thanksgiving Day in Tokyo",
    ],
)
def test_a_reminder_counts_the_rep_s_own_hours(
    connection: Connection, rep_id: str, zone: str, given: str, due: str
) -> None:
    """Three of the hand-raiser's five minutes."""
    hand(connection, "1", rep_id, moment(given, zone), **HAND_RAISER)
    assert look(connection, moment(due, zone) - SECOND) == {}
    assert look(connection, moment(due, zone)) == {"remind": 1}


def test_a_reminder_that_comes_too_late_for_today_waits_for_the_rep_s_next_opening(connection: Connection) -> None:
    # The rep has closed at the moment at which it is due.
    hand(connection, "1", "ana-costa", moment("2026-11-24 15:00"), tier="high", minutes=300)
    assert look(connection, moment("2026-11-24 17:30")) == {}
    assert look(connection, moment("2026-11-25 08:29:59")) == {}
    assert look(connection, moment("2026-11-25 08:30")) == {"remind": 1}
    assert notes(connection, ANA) == [
        "Reminder: Lead 1 at Northwind is waiting for first contact, due by 11:00 EST today."
    ]


def test_a_manager_in_another_zone_is_warned_at_their_own_opening(connection: Connection) -> None:
    # 192 minutes from 09:00 in Paris, 06:12 in New York; the rep is reminded by their own clock.
    hand(connection, "1", "chloe-martin", moment("2026-11-25 09:00", PARIS), **HIGH)
    assert look(connection, moment("2026-11-25 12:12", PARIS)) == {"remind": 1}
    assert notes(connection, CHLOE) == [
        "Reminder: Lead 1 at Northwind is waiting for first contact, due by 14:00 CET today."
    ]
    assert look(connection, moment("2026-11-25 13:45", PARIS)) == {}
    assert notes(connection, FARAH) == []


def test_what_the_deadline_overtook_is_not_told_any_more(connection: Connection) -> None:
    given = hand(connection, "1", "chloe-martin", moment("2026-11-25 09:00", PARIS), **HIGH)
    look(connection, moment("2026-11-25 12:12", PARIS))
    # Eight in the morning in New York: the lead is not kept waiting for the manager's day to begin.
    assert look(connection, moment("2026-11-25 14:00:01", PARIS)) == {"breached": 1, "passed_over": 1, "reassign": 1}
    assert reps(connection, given)[0] == "chloe-martin"
    assert len(reps(connection, given)) == 2
    assert steps(connection)[-2:] == [
        (given.assignment_id, "esc-high-warn", "the deadline had passed"),
        (given.assignment_id, "esc-high-breach", None),
    ]
    assert notes(connection, FARAH) == []
    assert look(connection, moment("2026-11-25 08:29:59")) == {}
    assert look(connection, moment("2026-11-25 08:30")) == {"told": 1}
    (note,) = notes(connection, FARAH)
    assert note.startswith(
        "Nobody was in touch with Lead 1 at Northwind by 08:00 EST today. It went from Chloé Martin to"
    )


def test_a_night_s_chain_is_one_note_in_the_morning(connection: Connection) -> None:
    # Morning in Tokyo is evening in New York.
    given = hand(connection, "1", "emi-tanaka", moment("2026-11-25 09:00", TOKYO), **HAND_RAISER)
    look(connection, moment("2026-11-25 09:05:01", TOKYO))
    (_, second) = reps(connection, given)
    assert notes(connection, EMI) == []
    assert notes(connection, FARAH) == []
    assert look(connection, moment("2026-11-25 08:30")).get("told") == 1
    assert len(notes(connection, FARAH)) == 1
    assert second in ("ana-costa", "ben-okafor")


def test_a_note_that_nobody_needs_any_more_is_not_sent(connection: Connection) -> None:
    given = hand(connection, "1", "emi-tanaka", moment("2026-11-25 09:00", TOKYO), **HAND_RAISER)
    look(connection, moment("2026-11-25 09:05:01", TOKYO))
    connection.execute(
        """insert into handoff.dispositions (handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence)
        values (%s, %s, 'contacted', %s, %s, '{}')""",
        (given.handoff_id, given.assignment_id + 1, *[moment("2026-11-25 08:00")] * 2),
    )
    assert look(connection, moment("2026-11-25 08:30")) == {}
    assert notes(connection) == []
