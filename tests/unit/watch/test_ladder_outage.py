"""Time that is not the rep's is given back, once, and nobody is flooded when the watch returns."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.route.assignments import Assignment
from handoff.route.withdraw import forget
from handoff.watch.pauses import beat
from tests.conftest import Database
from tests.unit.route.handed import NOON, answer, to
from tests.unit.watch.clockwork import (
    ANA,
    FARAH,
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
    steps,
    value,
)
from tests.unit.watch.pressing import act, submitted

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
Pause = tuple[datetime, datetime, str, datetime]


def ny(wall: str) -> datetime:
    return moment(f"2026-11-25 {wall}")


@pytest.fixture
def admin(agreement_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def pauses(connection: Connection, given: Assignment) -> list[Pause]:
    rows = connection.execute(
        """select began_at, ended_at, reason, due_at from handoff.clock_pauses
        where assignment_id = %s order by began_at""",
        (given.assignment_id,),
    )
    return [(row["began_at"], row["ended_at"], row["reason"], row["due_at"]) for row in rows]


@pytest.mark.parametrize(("gap", "is_outage"), [(5 * MINUTE, False), (5 * MINUTE + SECOND, True)])
def test_a_watch_that_was_away_for_more_than_five_minutes_gives_the_time_back(
    connection: Connection, gap: timedelta, is_outage: bool
) -> None:
    given = hand(connection, "1", "ana-costa", ny("14:00"), **HIGH)
    beat(connection, ny("14:10"))
    look(connection, ny("14:10") + gap, was_out=True)
    due = given.due_at + gap
    expected = [(ny("14:10"), ny("14:10") + gap, "outage", due)] if is_outage else []
    assert pauses(connection, given) == expected
    crm = value(
        connection,
        "select payload -> 'properties' ->> 'handoff_sla_due_at' from handoff.outbox where dedupe_key like '%%:due:%%'",
    )
    assert crm == (due.strftime("%Y-%m-%dT%H:%M:%S.000Z") if is_outage else None)
    # The card in Slack follows too.
    assert value(connection, "select count(*) from handoff.outbox where kind = 'slack_update'") == is_outage


def test_without_any_heartbeat_there_was_no_outage(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", ny("14:00"), **HIGH)
    look(connection, ny("17:00"), was_out=True)
    assert pauses(connection, given) == []
    assert value(connection, "select beat_at from handoff.heartbeats where name = 'watch'") == ny("17:00")


def test_only_open_hours_move_the_deadline_and_steps_move_with_it(connection: Connection) -> None:
    # Fifteen of 240 minutes before lunch; an outage over lunch costs 15 + 30 minutes.
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    beat(connection, ny("12:15"))
    look(connection, ny("13:30"), was_out=True)
    assert pauses(connection, given) == [(ny("12:15"), ny("13:30"), "outage", ny("17:15"))]
    assert look(connection, ny("15:14:59")) == {}
    assert look(connection, ny("15:15")) == {"remind": 1}
    assert notes(connection, ANA)[-1].endswith("due by 17:15 EST today.")
    assert look(connection, ny("17:15")) == {"warn": 1}
    assert look(connection, ny("17:15") + SECOND) == {"breached": 1, "reassign": 1, "told": 1}
    assert value(connection, "select due_at from handoff.breaches") == ny("17:15")


def test_an_outage_over_the_deadline_leaves_what_was_left(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", ny("14:00"), **HAND_RAISER)
    beat(connection, ny("14:02"))
    assert look(connection, ny("16:02"), was_out=True) == {"paused": 1}
    assert pauses(connection, given)[0][3] == ny("16:05")
    assert look(connection, ny("16:03")) == {"remind": 1}
    assert look(connection, ny("16:05") + SECOND) == {"breached": 1, "reassign": 1, "told": 1}


def test_after_the_breach_the_deadline_stands_and_what_follows_waits_longer(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", ny("14:00"), **HAND_RAISER)
    answer(connection, given, "accepted", ny("14:01"))
    look(connection, ny("14:05") + SECOND)
    beat(connection, ny("14:06"))
    assert look(connection, ny("16:06"), was_out=True) == {"paused": 1}
    assert pauses(connection, given) == [(ny("14:06"), ny("16:06"), "outage", ny("14:05"))]
    assert value(connection, "select count(*) from handoff.outbox where dedupe_key like '%%:due:%%'") == 0
    # Ten minutes after the deadline, of which one had passed.
    assert look(connection, ny("16:14:59")) == {}
    assert look(connection, ny("16:15")) == {"escalate": 1}
    # Nothing is ahead any more, so the next outage is of no concern.
    beat(connection, ny("16:16"))
    assert look(connection, ny("17:00"), was_out=True) == {}


def test_an_outage_is_given_back_once_even_if_the_run_that_saw_it_was_killed(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", ny("14:00"), **HIGH)
    beat(connection, ny("14:10"))
    look(connection, ny("15:10"), was_out=True)
    # As if that run had not come to its end.
    connection.execute("update handoff.heartbeats set beat_at = %s", (ny("14:10"),))
    look(connection, ny("15:12"), was_out=True)
    look(connection, ny("15:13"), was_out=True)
    assert pauses(connection, given) == [
        (ny("14:10"), ny("15:10"), "outage", given.due_at + timedelta(hours=1)),
        (ny("15:10"), ny("15:12"), "outage", given.due_at + timedelta(hours=1, minutes=2)),
    ]


def test_what_was_due_before_an_outage_was_due_then(connection: Connection) -> None:
    """A warning waits for the manager in New York; the outage meanwhile moves the deadline and not the warning."""
    paris = "Europe/Paris"
    given = hand(connection, "1", "chloe-martin", moment("2026-11-25 09:00", paris), **HIGH)
    look(connection, moment("2026-11-25 12:12", paris))
    beat(connection, moment("2026-11-25 12:20", paris))
    look(connection, moment("2026-11-25 13:40", paris), was_out=True)
    assert pauses(connection, given)[0][3] == moment("2026-11-25 14:20", paris)
    look(connection, moment("2026-11-25 14:20:01", paris))
    due = value(connection, "select was_due_at from handoff.ladder_steps where escalation_id = 'esc-high-warn'")
    assert due == moment("2026-11-25 12:12", paris)


@pytest.mark.parametrize(
    ("wait", "is_held", "is_late"),
    [(MINUTE, False, False), (MINUTE + SECOND, False, True), (MINUTE + SECOND, True, True)],
)
def test_the_clock_stands_until_the_rep_was_told(
    connection: Connection, wait: timedelta, is_held: bool, is_late: bool
) -> None:
    given = to(connection, "1", "ana-costa", ny("14:00"), **HAND_RAISER)
    if is_held:
        connection.execute("""update handoff.outbox set payload = payload || '{"held": ""}' where kind = 'slack_dm'""")
    deliver(connection, ny("14:00") + wait)
    look(connection, ny("14:02"))
    due = given.due_at + wait
    assert pauses(connection, given) == ([(ny("14:00"), ny("14:00") + wait, "undelivered", due)] if is_late else [])
    # Who waited for a digest is not told once more for each of its leads.
    assert bool(below(connection, given)) == (is_late and not is_held)


def test_while_the_message_waits_nothing_is_due_and_nobody_is_late(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", ny("14:00"), **HAND_RAISER)
    for minutes in (4, 6, 60):
        assert look_undelivered(connection, ny("14:00") + minutes * MINUTE) == {}
    deliver(connection, ny("15:00:30"))
    assert look(connection, ny("15:01")) == {"paused": 1}
    assert pauses(connection, given) == [(ny("14:00"), ny("15:00:30"), "undelivered", ny("15:05:30"))]
    assert look(connection, ny("15:03:30")) == {"remind": 1}


def test_who_answers_before_the_message_went_out_is_in_time(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    """Slack is down for half an hour, the promise is five minutes, and the reps work by their tasks in HubSpot."""
    called, rejected, pressed, declined, gone, called_later = (
        to(connection, str(number), "ana-costa", ny("14:00"), **HAND_RAISER) for number in range(1, 7)
    )
    call(admin, "1", ny("14:10"), "1001")
    status(admin, "2", ny("14:10"), "UNQUALIFIED", "no_interest")
    status(admin, "4", ny("14:10"), "UNQUALIFIED", "not_mine")
    act(connection, submitted(pressed, "no_interest", ANA), ny("14:10"))
    forget(connection, [gone.handoff_id], ny("14:10"))
    assert look_undelivered(connection, ny("14:12")) == {"contacted": 1, "answered": 2}
    call(admin, "6", ny("14:20"), "1001")
    deliver(connection, ny("14:30"))
    look(connection, ny("14:31"))
    assert reps(connection, declined)[:2] == ["ana-costa", "ben-okafor"]
    lost_by = [10 * MINUTE, 10 * MINUTE, 10 * MINUTE, 12 * MINUTE, 10 * MINUTE, 30 * MINUTE]
    for given, lost in zip((called, rejected, pressed, declined, gone, called_later), lost_by, strict=True):
        due = given.due_at + lost
        assert pauses(connection, given) == [(ny("14:00"), ny("14:00") + lost, "undelivered", due)]
        counts = "select due_at from line.int_assignments where assignment_id = %s"
        assert value(connection, counts, given.assignment_id) == due
    for given, key in ((called, "met:contacted"), (rejected, "rejected"), (pressed, "rejected")):
        said = value(connection, STATUS, f"hubspot_contact:{given.handoff_id}:{given.assignment_id}:{key}")
        assert said == "met"
        moved = value(connection, DUE, f"hubspot_contact:{given.handoff_id}:{given.assignment_id}:due:%")
        assert moved == "2026-11-25T19:15:00.000Z"
    assert value(connection, DUE, f"hubspot_contact:{declined.handoff_id}:{declined.assignment_id}:due:%") is None
    look(connection, ny("15:30"))
    late = {row["assignment_id"] for row in connection.execute("select assignment_id from handoff.breaches")}
    assert late.isdisjoint(given.assignment_id for given in (called, rejected, pressed, declined, gone, called_later))


STATUS = "select payload -> 'properties' ->> 'handoff_sla_status' from handoff.outbox where dedupe_key = %s"
DUE = "select payload -> 'properties' ->> 'handoff_sla_due_at' from handoff.outbox where dedupe_key like %s"


def look_undelivered(connection: Connection, at: datetime) -> dict[str, int]:
    """As `look`, with Slack down."""
    connection.execute("update handoff.outbox set kind = 'slack_dm_kept' where kind = 'slack_dm'")
    counts = look(connection, at)
    connection.execute("update handoff.outbox set kind = 'slack_dm' where kind = 'slack_dm_kept'")
    return counts


def test_a_message_that_was_given_up_holds_the_clock_no_longer(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", ny("14:00"), **HAND_RAISER)
    connection.execute(
        "update handoff.outbox set state = 'dead', last_attempt_at = %s where kind = 'slack_dm'", (ny("14:20"),)
    )
    look(connection, ny("14:21"))
    assert pauses(connection, given) == [(ny("14:00"), ny("14:20"), "undelivered", ny("14:25"))]
    look(connection, ny("14:25") + SECOND)
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


def test_time_that_was_lost_twice_over_is_given_back_once(connection: Connection) -> None:
    """Slack and the watch were both down: from 14:00 to 14:30, and from 14:10 to 15:00."""
    given = to(connection, "1", "ana-costa", ny("14:00"), **HIGH)
    deliver(connection, ny("14:30"))
    beat(connection, ny("14:10"))
    look(connection, ny("15:00"), was_out=True)
    found = pauses(connection, given)
    assert [(began, ended, reason) for began, ended, reason, _ in found] == [
        (ny("14:00"), ny("14:30"), "undelivered"),
        (ny("14:30"), ny("15:00"), "outage"),
    ]
    # 210 minutes are left today, and the hour that is given back is the first on Friday.
    assert found[-1][3] == moment("2026-11-27 10:00")


def test_a_message_that_went_out_long_after_the_watch_had_returned(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", ny("14:00"), **HIGH)
    beat(connection, ny("14:10"))
    assert look_undelivered(connection, ny("14:40")) == {}
    deliver(connection, ny("14:50"))
    look(connection, ny("14:51"))
    assert [(began, ended) for began, ended, _, _ in pauses(connection, given)] == [(ny("14:00"), ny("14:50"))]


def test_after_two_hours_of_outage_nobody_is_flooded(connection: Connection) -> None:
    """Thirty leads wait, all alike: on return nobody hears of any, and later of no more than five in ten minutes."""
    given = [
        hand(
            connection,
            str(number),
            "ana-costa" if number % 2 else "ben-okafor",
            ny("09:35"),
            tier="standard",
            minutes=240,
        )
        for number in range(1, 31)
    ]
    for each in given[:6]:
        answer(connection, each, "accepted", ny("09:40"))
    beat(connection, ny("11:00"))
    assert look(connection, ny("13:30"), was_out=True) == {"paused": 30}
    assert notes(connection) == []
    at = ny("13:31")
    while at < ny("15:15"):
        look(connection, at)
        at += MINUTE
    assert sent(connection, "kind in ('slack_note', 'slack_call')")[0] == (ny("14:05"), ANA)
    # All of Ana's deadlines are over at once, and what she had not accepted goes on.
    for wall in ("16:05:01", "16:06", "16:11", "16:17"):
        look(connection, ny(wall))
    had = [len(reps(connection, each)) for each in given]
    assert had[:6] == [1] * 6
    # The others go on as long as anybody has room, and each once.
    assert set(had[6:]) == {1, 2}
    assert value(connection, "select count(*) from handoff.breaches") == 15
    assert FARAH in {whom for _, whom in sent(connection, "kind = 'slack_note'")}
    for which in ("kind in ('slack_note', 'slack_call')", "kind = 'slack_thread'"):
        told = sent(connection, which)
        assert told
        for when, whom in told:
            window = [each for each, other in told if other == whom and when - 10 * MINUTE < each <= when]
            assert len(window) <= 5
    reminded = [name for _, name, because in steps(connection) if name == "esc-standard-remind" and because is None]
    assert len(reminded) == 30


def sent(connection: Connection, which: str) -> list[tuple[datetime, str]]:
    """When people were told something after their cards, and who."""
    rows = connection.execute(
        f"""select created_at, payload ->> 'slack_user_id' as whom from handoff.outbox
        where ({which}) and payload ? 'slack_user_id' order by outbox_id"""
    )
    return [(row["created_at"], row["whom"]) for row in rows]


def test_the_hottest_are_told_first_and_the_rest_a_little_later(connection: Connection) -> None:
    for number in range(1, 8):
        hand(connection, str(number), "ana-costa", ny("13:30"), **HIGH)
    hand(connection, "8", "ana-costa", ny("15:54"), **HAND_RAISER)
    with_score(connection, "3", 99)
    assert look(connection, ny("15:57")) == {"remind": 5}
    whom = [text.split(" is waiting")[0] for text in notes(connection, ANA)]
    assert whom[:3] == [
        "Reminder: Lead 8 at Northwind",
        "Reminder: Lead 3 at Northwind",
        "Reminder: Lead 1 at Northwind",
    ]
    assert look(connection, ny("15:58")) == {}
    assert look(connection, ny("16:06:59")) == {"breached": 1, "reassign": 1, "told": 1}
    assert len(notes(connection, FARAH)) == 1
    assert look(connection, ny("16:07")) == {"remind": 3}
    assert len(notes(connection, ANA)) == 8


def with_score(connection: Connection, lead_id: str, score: int) -> None:
    """Handoffs never change, so it is done as their owner."""
    with db.connect("handoff_admin") as admin:
        admin.execute("update handoff.handoffs set score = %s where lead_id = %s", (score, lead_id))
