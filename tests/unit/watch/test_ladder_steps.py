"""Each step at its moment, once, told to the right person; the clock is given, and nobody sleeps."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.watch.pauses import beat
from handoff.watch.run import run
from tests.unit.route.handed import NOON, answer
from tests.unit.watch import clockwork
from tests.unit.watch.clockwork import (
    ANA,
    BEN,
    FARAH,
    HAND_RAISER,
    HIGH,
    call,
    hand,
    look,
    moment,
    notes,
    read,
    refuse,
    reps,
    steps,
    value,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def admin(connection: Connection, agreement_database: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def ny(wall: str) -> datetime:
    return moment(f"2026-11-25 {wall}")


@pytest.mark.parametrize(
    ("due", "escalation_id", "whom", "text"),
    [
        (
            "14:30",
            "esc-high-remind",
            ANA,
            "Reminder: Lead 1 at Northwind is waiting for first contact, due by 16:30 EST today.",
        ),
        (
            "15:42",
            "esc-high-warn",
            FARAH,
            "Ana Costa has not been in touch with Lead 1 at Northwind yet, due by 16:30 EST today.",
        ),
    ],
)
def test_before_the_deadline_each_step_comes_at_its_moment(
    connection: Connection, due: str, escalation_id: str, whom: str, text: str
) -> None:
    # Lunch, from 12:30 to 13:00, is nobody's time.
    hand(connection, "1", "ana-costa", NOON, **HIGH)
    look(connection, ny(due) - SECOND)
    assert escalation_id not in {name for _, name, _ in steps(connection)}
    look(connection, ny(due))
    assert (escalation_id, None) in {(name, because) for _, name, because in steps(connection)}
    assert notes(connection, whom)[-1] == text


def test_at_the_deadline_contact_is_in_time_and_a_second_later_another_rep_has_it(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    assert given.due_at == ny("16:30")
    look(connection, ny("15:42"))
    assert look(connection, ny("16:30")) == {}
    assert reps(connection, given) == ["ana-costa"]
    assert look(connection, ny("16:30") + SECOND) == {"breached": 1, "reassign": 1, "told": 1}
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]
    assert value(connection, "select due_at from handoff.breaches") == ny("16:30")
    # The clock starts again with the new rep: two hours are left today in Chicago, and Thursday is a holiday.
    assert notes(connection, FARAH)[-1] == (
        "Nobody was in touch with Lead 1 at Northwind by 16:30 EST today. It went from Ana Costa to Ben Okafor, "
        "who has until 11:30 EST Fri 27 Nov."
    )
    assert notes(connection, BEN) == []
    assert look(connection, ny("16:31")) == {}


def test_a_breach_waits_until_the_crm_has_been_read_that_far(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    look(connection, ny("12:30"), read_until=ny("12:05"))
    assert value(connection, "select count(*) from handoff.breaches") == 0
    assert reps(connection, given) == ["ana-costa"]
    look(connection, ny("12:31"), read_until=ny("12:05") + SECOND)
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


def test_a_call_made_in_time_may_enter_the_index_of_the_crm_a_little_later(
    connection: Connection, agreement_database: Any
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    beat(connection, ny("12:05"))
    connection.execute("update handoff.cursors set seen_until = %s", (ny("12:05:59"),))
    assert run(connection, ny("12:05:59"))["breached"] == 0
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        call(admin, "1", ny("12:04:50"), "1001")
    connection.execute("update handoff.cursors set seen_until = %s", (ny("12:06:30"),))
    assert run(connection, ny("12:06:30"))["contacted"] == 1
    assert value(connection, "select count(*) from handoff.breaches") == 0
    assert reps(connection, given) == ["ana-costa"]


@pytest.mark.parametrize("stream", ["hubspot_emails", "hubspot_contacts"])
@pytest.mark.parametrize("is_refused", [True, False])
def test_what_the_crm_refuses_to_show_holds_no_clock(connection: Connection, stream: str, is_refused: bool) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    read(connection, ny("12:06"))
    connection.execute(
        "update handoff.cursors set seen_until = %s where stream = %s", (NOON - timedelta(days=3), stream)
    )
    if is_refused:
        refuse(connection, stream)
    beat(connection, ny("12:05"))
    assert run(connection, ny("12:06"))["breached"] == is_refused
    assert reps(connection, given) == ["ana-costa", "ben-okafor"][: 1 + is_refused]


def test_nobody_is_late_where_no_kind_of_contact_can_be_read(connection: Connection) -> None:
    hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    read(connection, ny("12:06"))
    for stream in ("hubspot_calls", "hubspot_emails", "hubspot_meetings", "hubspot_communications"):
        refuse(connection, stream)
    beat(connection, ny("12:05"))
    assert run(connection, ny("12:06"))["breached"] == 0


def test_a_lead_goes_down_the_chain_and_then_stays_with_whom_it_is(connection: Connection) -> None:
    first = hand(connection, "1", "ana-costa", ny("14:00"), **HAND_RAISER)
    for minute in range(5, 40):
        look(connection, ny("14:00") + timedelta(minutes=minute, seconds=1))
    assert reps(connection, first) == ["ana-costa", "ben-okafor", "farah-ali"]
    taken = [(assignment - first.assignment_id, name, because) for assignment, name, because in steps(connection)]
    kept = taken[-2][2]
    assert kept is not None
    assert kept.startswith("nobody else may take it: ana-costa: territory ter-na, but had this lead before")
    assert taken == [
        (0, "esc-hand-raiser-remind", "the deadline had passed"),
        (0, "esc-hand-raiser-breach", None),
        (1, "esc-hand-raiser-remind", None),
        (1, "esc-hand-raiser-breach", None),
        (2, "esc-hand-raiser-remind", None),
        (2, "esc-hand-raiser-breach", kept),
        (2, "esc-hand-raiser-escalate", None),
    ]
    # Nobody is above Farah: the review channel hears that it stays, and ten minutes later that it still does.
    told = connection.execute(
        "select payload ->> 'text' as text from handoff.outbox where dedupe_key like 'slack_review:ladder:%' "
        "order by outbox_id"
    ).fetchall()
    assert len(told) == 2
    assert "Nobody else may take it, so it stays with Farah Ali" in told[0]["text"]
    assert told[1]["text"].startswith(
        "Nobody was in touch with Lead 1 at Northwind by 19:16 UTC today; Farah Ali still"
    )


def full(admin: psycopg.Connection[Any], *rep_ids: str, is_full: bool = True) -> None:
    """Whether reps have no room for another lead."""
    most = 0 if is_full else 25
    admin.execute("update agreement.reps set max_open = %s where rep_id = any(%s)", (most, list(rep_ids)))


def test_where_the_others_are_only_full_it_is_tried_again_until_one_has_room(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    full(admin, "ben-okafor", "farah-ali")
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    assert look(connection, ny("16:30") + SECOND) == {"breached": 1, "passed_over": 2, "waits": 1}
    assert look(connection, ny("16:31")) == {"waits": 1}
    assert reps(connection, given) == ["ana-costa"]
    stays = "Nobody was in touch with Lead 1 at Northwind by 16:30 EST today. Nobody else may take it, so it stays "
    assert notes(connection, FARAH) == [f"{stays}with Ana Costa."]
    told = "select count(*) from handoff.outbox where dedupe_key like 'slack_review:ladder:%%:stays'"
    assert value(connection, told) == 1
    full(admin, "ben-okafor", is_full=False)
    assert look(connection, ny("16:32")) == {"reassign": 1, "told": 1}
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]
    assert notes(connection, FARAH)[-1].startswith(
        "Nobody was in touch with Lead 1 at Northwind by 16:30 EST today. It went from Ana Costa to Ben Okafor"
    )
    assert look(connection, ny("16:33")) == {}


def test_while_the_agreement_is_being_loaded_nobody_is_handed_over_and_nobody_is_told(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    loads.begin(admin, NOON)
    for minute in ("12:06", "12:07"):
        assert look(connection, ny(minute))["waits"] == 1
    assert reps(connection, given) == ["ana-costa"]
    assert value(connection, "select count(*) from handoff.outbox where kind = 'slack_review'") == 0
    loads.end(admin)
    assert look(connection, ny("12:08"))["reassign"] == 1
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


def test_where_the_others_are_only_away_it_is_tried_again(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    admin.execute(
        """insert into agreement.absences (absence_id, rep_id, valid_from, valid_to, why)
        select 'away-' || rep_id, rep_id, '2026-11-25', '2026-11-26', 'Leave'
        from unnest(array['ben-okafor', 'farah-ali']) as rep_id"""
    )
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    assert look(connection, ny("16:30") + SECOND)["waits"] == 1
    assert look(connection, ny("16:31"))["waits"] == 1
    assert look(connection, moment("2026-11-26 01:00"))["reassign"] == 1
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


def test_what_waits_for_room_goes_on_up_and_ends_with_contact(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    full(admin, "ben-okafor", "farah-ali")
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    look(connection, ny("12:05") + SECOND)
    assert look(connection, ny("12:15")) == {"waits": 1, "escalate": 1}
    assert notes(connection, FARAH)[-1].endswith("by 12:05 EST today; Ana Costa still has it.")
    answer(connection, given, "contacted", ny("12:16"))
    full(admin, "ben-okafor", is_full=False)
    assert look(connection, ny("12:17")) == {}
    assert reps(connection, given) == ["ana-costa"]


EVE = moment("2026-11-25 16:55")
"""Wednesday, five minutes before New York closes; Thursday is a holiday."""
THANKSGIVING = moment("2026-11-26 12:30")


@pytest.fixture(params=["2026-11-26", "2026-11-25", "archived"])
def gone(request: pytest.FixtureRequest, admin: psycopg.Connection[Any]) -> Callable[[], None]:
    """Ana leaves: her row ends, on Thursday or on the Wednesday on which she got her leads, or HubSpot archives her."""

    def leave() -> None:
        if request.param == "archived":
            clockwork.leave(admin, "1001", moment("2026-11-26 12:00"))
        else:
            admin.execute("update agreement.reps set valid_to = %s where rep_id = 'ana-costa'", (request.param,))

    return leave


def test_what_stayed_with_a_rep_goes_on_at_once_when_they_leave(
    connection: Connection, gone: Callable[[], None]
) -> None:
    stays = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    answer(connection, stays, "accepted", NOON)
    assert look(connection, ny("12:06"))["stay"] == 1
    begun = hand(connection, "2", "ana-costa", EVE, **HIGH)
    answer(connection, begun, "accepted", EVE)
    over = hand(connection, "3", "ana-costa", EVE, **HIGH)
    answer(connection, over, "contacted", EVE)
    gone()
    assert look(connection, THANKSGIVING)["left"] == 2
    for each in (stays, begun):
        assert reps(connection, each) == ["ana-costa", "ben-okafor"]
    assert reps(connection, over) == ["ana-costa"]
    causes = connection.execute("select distinct cause from handoff.assignments where rep_id = 'ben-okafor'").fetchall()
    assert [row["cause"] for row in causes] == ["left"]
    owners = """select payload #>> '{expected,hubspot_owner_id}' as former from handoff.outbox
        where kind = 'hubspot_contact' and payload #>> '{properties,hubspot_owner_id}' = '1002' order by outbox_id"""
    assert [row["former"] for row in connection.execute(owners)] == ["1001", "1001"]
    assert "left" not in look(connection, THANKSGIVING + timedelta(minutes=1))


def test_where_nobody_else_may_take_it_the_manager_of_a_rep_who_has_left_hears_of_it(
    connection: Connection, admin: psycopg.Connection[Any], gone: Callable[[], None]
) -> None:
    given = hand(connection, "1", "ana-costa", EVE, **HIGH)
    answer(connection, given, "accepted", EVE)
    admin.execute("update agreement.reps set max_open = 0 where rep_id <> 'ana-costa'")
    gone()
    for minutes in (11, 10):
        look(connection, given.due_at - timedelta(minutes=minutes))
    told, *more = notes(connection, FARAH)
    assert told.startswith("Ana Costa has left, and nobody else may take Lead 1 at Northwind, due by ")
    assert len(more) == 1
    assert more[0].startswith("Ana Costa has not been in touch with Lead 1 at Northwind yet, due by ")
    # Nobody reads what is said to her: the reminder is the review channel's.
    assert notes(connection, ANA) == []
    said = value(connection, "select payload ->> 'text' from handoff.outbox where kind = 'slack_review'")
    assert said.startswith("Ana Costa has not been in touch with Lead 1 at Northwind yet")
    admin.execute("update agreement.reps set max_open = null where rep_id = 'ben-okafor'")
    assert look(connection, given.due_at - timedelta(minutes=9)) == {"left": 1}
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


@pytest.mark.parametrize("kind", ["accepted", "claimed"])
def test_what_was_accepted_stays_and_the_manager_hears_of_it(connection: Connection, kind: str) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    answer(connection, given, kind, ny("12:04"))
    look(connection, ny("12:05") + SECOND)
    assert reps(connection, given) == ["ana-costa"]
    assert steps(connection)[-1] == (given.assignment_id, "esc-hand-raiser-breach", "the rep had accepted it")
    assert notes(connection, FARAH) == [
        "Nobody was in touch with Lead 1 at Northwind by 12:05 EST today. Ana Costa has accepted it, so it stays there."
    ]
    # Timing goes on.
    assert look(connection, ny("12:15") - SECOND) == {}
    assert look(connection, ny("12:15")) == {"escalate": 1}
    assert notes(connection, FARAH)[-1].endswith("by 12:05 EST today; Ana Costa still has it.")
    assert look(connection, ny("15:00")) == {}


@pytest.mark.parametrize("kind", ["contacted", "rejected", "withdrawn"])
def test_nothing_follows_once_it_is_over(connection: Connection, kind: str) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    answer(connection, given, kind, ny("12:02"))
    for minute in (3, 6, 20):
        assert look(connection, NOON + timedelta(minutes=minute)) == {}
    assert steps(connection) == []


def test_a_late_answer_ends_the_timing_but_not_the_breach(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    answer(connection, given, "contacted", ny("12:05") + SECOND)
    assert look(connection, ny("12:06")) == {"breached": 1}
    assert steps(connection) == []


def test_a_snooze_quiets_the_reminder_and_not_the_breach(connection: Connection) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence, snoozed_until
        ) values (%s, %s, 'snoozed', %s, %s, '{}', %s)""",
        (given.handoff_id, given.assignment_id, NOON, NOON, ny("15:00")),
    )
    assert look(connection, ny("14:59:59")) == {}
    assert look(connection, ny("15:00")) == {"remind": 1}
    assert look(connection, ny("15:42")) == {"warn": 1}


def test_contact_in_the_crm_comes_before_the_step_that_it_forestalls(
    connection: Connection, agreement_database: Any
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        call(admin, "1", ny("12:05"), "1001")
    assert look(connection, ny("12:06")) == {"contacted": 1}
    assert reps(connection, given) == ["ana-costa"]
    row = connection.execute("select * from handoff.dispositions").fetchone()
    assert row is not None
    assert (row["assignment_id"], row["owner_id"], row["occurred_at"]) == (given.assignment_id, "1001", ny("12:05"))
    assert row["evidence"] == {
        "activity_id": "call:9001",
        "kind": "call_outbound",
        "by": "owner",
        "occurred_at": ny("12:05").isoformat(),
        "logged_at": ny("12:05").isoformat(),
    }
    said = value(
        connection,
        "select payload -> 'properties' from handoff.outbox where dedupe_key like 'hubspot_contact:%%:met:%%'",
    )
    assert said["handoff_sla_status"] == "met"
    assert said["handoff_first_contact_at"] == "2026-11-25T17:05:00.000Z"


def test_a_former_rep_s_call_is_contact_by_a_colleague_judged_by_the_present_clock(
    connection: Connection, agreement_database: Any
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    look(connection, ny("12:05") + SECOND)
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        call(admin, "1", ny("12:08"), "1001")
    assert look(connection, ny("12:09"))["contacted"] == 1
    row = connection.execute("select assignment_id, evidence ->> 'by' as made_by from handoff.dispositions").fetchone()
    assert row == {"assignment_id": given.assignment_id + 1, "made_by": "colleague"}
    assert value(connection, "select count(*) from handoff.outbox where dedupe_key like '%%:met:contacted'") == 1


def test_the_work_is_left_to_a_watch_that_is_at_it(connection: Connection) -> None:
    hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    with db.connect() as other, db.only_one(other, "watch"):
        assert look(connection, ny("12:06")) == {"skipped": "another process watches"}
    assert steps(connection) == []
    assert look(connection, ny("12:06")) == {"breached": 1, "reassign": 1, "passed_over": 1, "told": 1}
