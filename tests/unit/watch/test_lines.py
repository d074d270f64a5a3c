"""What becomes of a handoff is said below its cards: one line each, once, and no flood for the rep."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger.db import Connection
from handoff.watch.pauses import beat
from tests.conftest import Database
from tests.unit.route.handed import NOON, answer, to
from tests.unit.watch.clockwork import (
    ANA,
    HAND_RAISER,
    HIGH,
    below,
    call,
    deliver,
    hand,
    look,
    moment,
    notes,
    reps,
    status,
    value,
)

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def admin(agreement_database: Database) -> Any:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def ny(wall: str) -> Any:
    return moment(f"2026-11-25 {wall}")


def test_a_rep_s_own_call_is_said_to_the_team_and_a_colleague_s_to_the_rep_too(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    own, other = (hand(connection, each, "ana-costa", NOON, **HIGH) for each in "12")
    call(admin, "1", ny("12:04"), "1001")
    call(admin, "2", ny("12:05"), "1002")
    for _ in range(2):
        look(connection, ny("12:06"))
    assert below(connection, own) == [("channel", "Contacted by Ana Costa after 4 min, in time")]
    assert below(connection, other) == [
        (card, "Contacted by Ben Okafor after 5 min, in time") for card in ("dm", "channel")
    ]


def test_a_lapsed_lead_s_cards_say_when_and_to_whom_it_went(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    for _ in range(2):
        look(connection, ny("16:30") + SECOND)
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]
    missed = "Deadline missed: nobody was in touch by 16:30 EST today"
    went = "It went to Ben Okafor, who has until 11:30 EST Fri 27 Nov"
    assert below(connection, given) == [(card, text) for text in (missed, went) for card in ("dm", "channel")]


def test_late_contact_is_said_below_the_card_of_whom_the_lead_has_gone_to(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    look(connection, ny("12:05") + SECOND)
    call(admin, "1", ny("12:08"), "1001")
    look(connection, ny("12:09"))
    second = value(connection, "select max(assignment_id) from handoff.assignments")
    lines = connection.execute(
        "select payload ->> 'message' as message from handoff.outbox where kind = 'slack_thread' "
        "and payload ->> 'text' like 'Contacted by Ana Costa%'"
    )
    assert sorted(row["message"] for row in lines) == [
        f"slack_channel:{given.handoff_id}:{second}",
        f"slack_dm:{given.handoff_id}:{second}",
    ]


def test_a_deadline_that_moves_is_said_and_the_reminder_names_the_rep(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", ny("14:00"), **HIGH)
    deliver(connection, ny("14:10"))
    look(connection, ny("14:11"))
    moved = "Time is given back, as the message had come late: call by 09:10 EST Fri 27 Nov"
    assert below(connection, given) == [(card, moved) for card in ("dm", "channel")]
    beat(connection, ny("14:12"))
    look(connection, ny("14:22"), was_out=True)
    again = "Time is given back, as nobody was at the clocks for a while: call by 09:20 EST Fri 27 Nov"
    assert below(connection, given)[2:] == [(card, again) for card in ("dm", "channel")]
    assert look(connection, ny("16:59")) == {"remind": 1}
    (reminder,) = notes(connection, ANA)
    assert below(connection, given)[4:] == [("dm", reminder)]
    assert value(connection, "select count(*) from handoff.outbox where kind = 'slack_note'") == 0
    assert value(connection, "select count(*) from handoff.outbox where kind = 'slack_call'") == 1


def test_a_reminder_about_a_card_that_was_given_up_is_a_note(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", ny("12:00"), **HIGH)
    connection.execute("update handoff.outbox set state = 'dead', last_attempt_at = created_at where kind = 'slack_dm'")
    assert look(connection, ny("14:30")) == {"remind": 1}
    assert below(connection, given) == []
    assert len(notes(connection, ANA)) == 1


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (("IN_PROGRESS",), "Ana Costa accepted it in HubSpot"),
        (("UNQUALIFIED", "no_interest"), "Ana Costa rejected it in HubSpot: No interest when called"),
        (
            ("UNQUALIFIED", "not_mine"),
            "Ana Costa handed it on in HubSpot: Good lead, but not mine. It goes to Ben Okafor",
        ),
    ],
)
def test_an_answer_in_hubspot_is_said_to_the_team(
    connection: Connection, admin: psycopg.Connection[Any], said: tuple[str, ...], line: str
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    status(admin, "1", ny("12:04"), *said, owner_id="1001")
    for _ in range(2):
        look(connection, ny("12:06"))
    assert below(connection, given) == [("channel", line)]


def test_after_an_outage_the_team_has_every_line_and_the_rep_a_few(connection: Connection) -> None:
    given = [hand(connection, str(number), "ana-costa", ny("14:00"), **HAND_RAISER) for number in range(1, 11)]
    for each in given:
        answer(connection, each, "accepted", ny("14:01"))
    beat(connection, ny("14:01"))
    look(connection, ny("14:30"), was_out=True)
    for minute in (34, 35, 36):
        look(connection, ny(f"14:{minute}"))
    said = [line for each in given for line in below(connection, each)]
    assert [card for card, text in said if text.startswith("Time is given back")].count("channel") == 10
    assert [card for card, text in said if text.startswith("Deadline missed")].count("channel") == 10
    mine = [text for card, text in said if card == "dm"]
    # What calls for something does not wait for what does not.
    reminders = [text for text in mine if text.startswith("Reminder")]
    assert (len(reminders), len(mine) - len(reminders)) == (5, 5)
