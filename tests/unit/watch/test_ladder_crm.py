"""Answers by the lead's status in the CRM: of the rep who had the lead then, and of nobody's application."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.watch.lock import lock
from handoff.watch.pauses import beat
from handoff.watch.run import run
from tests.conftest import Database
from tests.unit.route.handed import NOON, answer
from tests.unit.watch.clockwork import (
    ANA,
    HAND_RAISER,
    HIGH,
    below,
    call,
    hand,
    look,
    moment,
    read,
    refuse,
    reps,
    status,
    steps,
    value,
)
from tests.unit.watch.pressing import stored, submitted

SECOND = timedelta(seconds=1)
TOLD = "select count(*) from handoff.outbox where kind = 'slack_review'"
WAITING = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


def ny(wall: str) -> datetime:
    return moment(f"2026-11-25 {wall}")


@pytest.fixture
def admin(agreement_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(agreement_database.admin_dsn, autocommit=True) as admin:
        yield admin


def answers(connection: Connection) -> list[tuple[str, int, str | None, datetime]]:
    rows = connection.execute("select * from handoff.dispositions order by disposition_id")
    return [(row["kind"], row["assignment_id"], row["reason_id"], row["occurred_at"]) for row in rows]


def test_an_acceptance_in_the_crm_keeps_the_lead(connection: Connection, admin: psycopg.Connection[Any]) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    status(admin, "1", ny("12:04"), "IN_PROGRESS")
    assert look(connection, ny("12:06")) == {"answered": 1, "breached": 1, "passed_over": 1, "stay": 1, "told": 1}
    assert answers(connection) == [("accepted", given.assignment_id, None, ny("12:04"))]
    assert reps(connection, given) == ["ana-costa"]


@pytest.mark.parametrize(("said", "kind"), [("UNQUALIFIED", "rejected"), ("OPEN", "accepted")])
def test_an_answer_of_in_time_keeps_its_lead_where_only_contacts_were_read_late(
    connection: Connection, admin: psycopg.Connection[Any], said: str, kind: str
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    read(connection, ny("12:06"))
    connection.execute("update handoff.cursors set seen_until = %s where stream = 'hubspot_contacts'", (ny("12:04"),))
    beat(connection, ny("12:05"))
    assert run(connection, ny("12:06"))["breached"] == 0
    status(admin, "1", ny("12:04"), said, "no_interest")
    late = 0 if kind == "rejected" else 1
    assert (look(connection, ny("12:07")).get("breached", 0), reps(connection, given)) == (late, ["ana-costa"])
    assert [answer[0] for answer in answers(connection)] == [kind]


def test_what_stood_before_the_handoff_answers_nothing_whatever_is_written_later(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    # The version is newer than the handoff; the status in it is not.
    status(admin, "1", NOON - SECOND, "IN_PROGRESS")
    look(connection, ny("12:06"))
    assert answers(connection) == []
    assert reps(connection, given) == ["ana-costa", "ben-okafor"]


def test_the_former_rep_s_status_does_not_speak_for_the_next(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    look(connection, ny("12:05") + SECOND)
    status(admin, "1", ny("12:05"), "OPEN")
    look(connection, ny("12:07"))
    assert answers(connection) == [("accepted", given.assignment_id, None, ny("12:05"))]
    assert look(connection, ny("13:05:02")).get("reassign") == 1
    assert reps(connection, given) == ["ana-costa", "ben-okafor", "farah-ali"]


def test_a_rejection_ends_it_and_a_lead_that_is_not_theirs_goes_on(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    over = hand(connection, "1", "ana-costa", NOON, **HIGH)
    moved = hand(connection, "2", "ana-costa", NOON, **HIGH)
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "no_interest")
    status(admin, "2", ny("12:10"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:11")) == {"answered": 2}
    assert sorted(answers(connection)) == [
        ("declined", moved.assignment_id, "not_mine", ny("12:10")),
        ("rejected", over.assignment_id, "no_interest", ny("12:10")),
    ]
    assert reps(connection, over) == ["ana-costa"]
    assert reps(connection, moved) == ["ana-costa", "ben-okafor"]
    cause = value(connection, "select cause from handoff.assignments order by assignment_id desc limit 1")
    assert cause == "declined"
    # The status stands, and Ben has said nothing.
    assert look(connection, ny("12:12")) == {}
    # Why is said already; that nothing is due any more is not.
    written = queued(connection, f"{over.handoff_id}:{over.assignment_id}:rejected")
    assert written == {"contact_id": "1", "properties": {"handoff_sla_status": "met"}, "expected": {}}
    assert queued(connection, f"{moved.handoff_id}:{moved.assignment_id}:rejected") is None


def test_a_reason_that_is_saved_after_the_status_decides(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    over, moved, silent = (hand(connection, lead, "ana-costa", NOON, **HIGH) for lead in ("1", "2", "3"))
    for lead in ("1", "2", "3"):
        status(admin, lead, ny("12:10"), "UNQUALIFIED")
    assert look(connection, ny("12:11")) == {"held": 3}
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "no_interest", reason_at=ny("12:12"))
    status(admin, "2", ny("12:10"), "UNQUALIFIED", "not_mine", reason_at=ny("12:12"))
    assert look(connection, ny("12:14")) == {"answered": 2, "held": 1}
    assert sorted(answers(connection)) == [
        ("declined", moved.assignment_id, "not_mine", ny("12:10")),
        ("rejected", over.assignment_id, "no_interest", ny("12:10")),
    ]
    assert reps(connection, moved) == ["ana-costa", "ben-okafor"]
    assert look(connection, ny("12:15") - SECOND) == {"held": 1}
    assert look(connection, ny("12:15")) == {"answered": 1}
    assert answers(connection)[-1] == ("rejected", silent.assignment_id, None, ny("12:10"))
    # It is over, so there is nothing to hand on.
    status(admin, "3", ny("12:10"), "UNQUALIFIED", "not_mine", reason_at=ny("12:20"))
    assert look(connection, ny("12:22")) == {}
    assert reps(connection, silent) == ["ana-costa"]


@pytest.mark.parametrize(("set_at", "breached"), [("12:04:00", 0), ("12:05:30", 1)])
def test_while_a_rejection_waits_for_its_reason_its_clock_is_not_judged(
    connection: Connection, admin: psycopg.Connection[Any], set_at: str, breached: int
) -> None:
    """Set before the deadline of 12:05, it was in time; set after it, the lead is for nobody else."""
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    when = moment(f"2026-11-25 {set_at}")
    status(admin, "1", when, "UNQUALIFIED")
    assert look(connection, ny("12:07")) == {"held": 1}
    status(admin, "1", when, "UNQUALIFIED", "no_interest", reason_at=ny("12:08"))
    counts = look(connection, ny("12:09"))
    assert (counts["answered"], counts.get("breached", 0)) == (1, breached)
    assert answers(connection) == [("rejected", given.assignment_id, "no_interest", when)]
    assert reps(connection, given) == ["ana-costa"]


def test_a_reason_counts_that_was_saved_in_time_and_landed_late(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    """HubSpot could not be read meanwhile; where it lets nobody read contacts any more, the five minutes are over."""
    moved, silent = (hand(connection, lead, "ana-costa", NOON, **HIGH) for lead in ("1", "2"))
    for lead in ("1", "2"):
        status(admin, lead, ny("12:10"), "UNQUALIFIED")
    assert look(connection, ny("12:16"), ny("12:11")) == {"held": 2}
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "not_mine", reason_at=ny("12:12"))
    assert look(connection, ny("12:17"), ny("12:13")) == {"answered": 1, "held": 1}
    assert reps(connection, moved) == ["ana-costa", "ben-okafor"]
    refuse(connection, "hubspot_contacts")
    assert look(connection, ny("12:18"), ny("12:13")) == {"answered": 1}
    assert answers(connection)[-1] == ("rejected", silent.assignment_id, None, ny("12:10"))


def test_whom_an_act_came_after_a_rejection_that_was_not_recorded_yet_is_judged_anew(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    """As the act came the lead was somebody's still: it was settled, and nothing else would wake it."""
    _, in_slack, _ = (hand(connection, lead, "ana-costa", NOON, **HIGH) for lead in ("1", "2", "3"))
    for lead, at in (("1", "12:09"), ("2", "12:11"), ("3", "12:09")):
        admin.execute(
            """insert into line.int_qualifications (lead_id, product_id, decision, is_handed_off, trigger_at)
            values (%s, 'platform', 'mql', true, %s)""",
            (lead, ny(at)),
        )
    # The models are at this one, and have not said yet what they find.
    admin.execute("insert into handoff.pending_leads values ('1', 1, null, %(at)s, %(at)s, false)", {"at": ny("12:12")})
    for lead in ("1", "3"):
        status(admin, lead, ny("12:10"), "UNQUALIFIED", "no_interest")
    stored(connection, submitted(in_slack, "no_interest", ANA), ny("12:10"))
    assert look(connection, ny("12:13")) == {"pressed": 1, "answered": 2}
    waiting = connection.execute(
        """select lead_id, qualified_at, wakes, batch_id > (select max(batch_id) from raw.batches) as is_of_the_next
        from handoff.pending_leads order by lead_id"""
    )
    assert [tuple(row.values()) for row in waiting] == [("1", None, True, True), ("2", None, True, True)]
    assert {kind for kind, *_ in answers(connection)} == {"rejected"}


def test_an_accepted_lead_whose_deadline_was_missed_may_be_rejected_in_two_saves(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    answer(connection, given, "accepted", ny("12:01"))
    assert look(connection, ny("12:06")).get("breached") == 1
    status(admin, "1", ny("12:30"), "UNQUALIFIED")
    assert look(connection, ny("12:31")).get("answered") is None
    status(admin, "1", ny("12:30"), "UNQUALIFIED", "no_interest", reason_at=ny("12:32"))
    assert look(connection, ny("12:34")).get("answered") == 1
    assert answers(connection)[-1] == ("rejected", given.assignment_id, "no_interest", ny("12:30"))


def test_what_a_rejection_in_the_crm_says_of_a_clock_that_ran_out_or_stood_already(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    late, called, gone = (hand(connection, lead, "ana-costa", NOON, **HAND_RAISER) for lead in ("1", "2", "3"))
    call(admin, "2", ny("12:01"), "1001")
    answer(connection, gone, "withdrawn", ny("12:02"))
    for lead in ("1", "2", "3"):
        status(admin, lead, ny("12:05") + SECOND, "UNQUALIFIED", "no_interest")
    assert look(connection, ny("12:07"), ny("12:03")) == {"contacted": 1, "answered": 2}
    written = queued(connection, f"{late.handoff_id}:{late.assignment_id}:rejected")
    assert written is not None
    assert written["properties"] == {"handoff_sla_status": "breached"}
    # The contact tells of the call, and of what became of another handoff.
    for each in (called, gone):
        assert queued(connection, f"{each.handoff_id}:{each.assignment_id}:rejected") is None
    assert gone.assignment_id not in {assignment for kind, assignment, *_ in answers(connection) if kind == "rejected"}


def test_what_is_over_a_status_answers_no_more(connection: Connection, admin: psycopg.Connection[Any]) -> None:
    over = [hand(connection, lead, "ana-costa", NOON, **HIGH) for lead in ("1", "2")]
    called = hand(connection, "3", "ana-costa", NOON, **HIGH)
    for given, kind in zip((*over, called), ("rejected", "withdrawn", "contacted"), strict=True):
        answer(connection, given, kind, ny("12:02"))
    for lead in ("1", "2", "3"):
        status(admin, lead, ny("12:10"), "OPEN")
    assert look(connection, ny("12:12")) == {"answered": 1}
    assert answers(connection)[3:] == [("accepted", called.assignment_id, None, ny("12:10"))]


def test_what_ends_it_while_a_status_is_being_read_comes_first(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "no_interest")
    with ThreadPoolExecutor() as pool, db.connect() as other:
        with other.transaction():
            lock(other, given.handoff_id)
            watch = pool.submit(look, connection, ny("12:12"))
            while not admin.execute(WAITING).fetchall():
                time.sleep(0.01)
            answer(other, given, "withdrawn", ny("12:11"))
        assert watch.result() == {}
    assert [kind for kind, *_ in answers(connection)] == ["withdrawn"]


def test_who_hands_on_while_the_agreement_is_being_loaded_waits_for_its_end(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    status(admin, "1", ny("12:04"), "UNQUALIFIED", "not_mine")
    pressed_in_time = hand(connection, "2", "ana-costa", NOON, **HAND_RAISER)
    stored(connection, submitted(pressed_in_time, "not_mine", ANA), ny("12:04"))
    loads.begin(admin, NOON)
    assert look(connection, ny("12:06")) == {"pressed": 1, "held": 2}
    assert (answers(connection), value(connection, TOLD)) == ([], 0)
    loads.end(admin)
    assert look(connection, ny("12:07")) == {"pressed": 1, "answered": 1}
    for each in (given, pressed_in_time):
        assert reps(connection, each) == ["ana-costa", "ben-okafor"]
    assert value(connection, TOLD) == 0
    assert value(connection, "select count(*) from handoff.breaches") == 0


@pytest.mark.parametrize(
    ("state", "counted", "told"), [("check_violation", "raised", 1), ("deadlock_detected", "held", 0)]
)
def test_a_press_of_in_time_that_cannot_be_written_is_no_breach(
    connection: Connection, admin: psycopg.Connection[Any], state: str, counted: str, told: int
) -> None:
    """Of what the database could not do just now, nobody is told."""
    given = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    stored(connection, submitted(given, "no_interest", ANA), ny("12:04"))
    admin.execute(
        f"""create function handoff.planted() returns trigger language plpgsql as $$
            begin raise {state}; end $$;
        create trigger planted before insert on handoff.dispositions execute function handoff.planted()"""
    )
    assert look(connection, ny("12:06")) == {"pressed": 1, counted: 1}
    assert value(connection, TOLD) == told
    admin.execute("drop trigger planted on handoff.dispositions")
    assert look(connection, ny("12:07")) == {"pressed": 1}
    assert [kind for kind, *_ in answers(connection)] == ["rejected"]
    assert (reps(connection, given), value(connection, "select count(*) from handoff.breaches")) == (["ana-costa"], 0)


def test_nobody_else_may_take_it_so_a_person_is_told(connection: Connection, admin: psycopg.Connection[Any]) -> None:
    given = hand(connection, "1", "farah-ali", NOON, **HIGH)
    admin.execute("update agreement.reps set max_open = 0 where rep_id <> 'farah-ali'")
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:11")) == {"answered": 1}
    assert reps(connection, given) == ["farah-ali"]
    told = value(connection, "select payload ->> 'text' from handoff.outbox where kind = 'slack_review'")
    assert told.startswith("Contact 1 is to go to another rep, and nobody else may take it: ")
    assert steps(connection) == []
    said = {text.partition("not mine")[2] for _, text in below(connection, given)}
    assert said == {". Nobody else may take it now; the review channel knows"}
    # The answer stands, and nobody asks again before the rep does, to whom each time is said what comes of it.
    assert look(connection, ny("12:12")) == {}
    status(admin, "1", ny("12:13"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:15")) == {"answered": 1}
    still = "In HubSpot it was handed on once more. Nobody else may take it now; the review channel knows"
    assert below(connection, given)[-1][1] == still
    admin.execute("update agreement.reps set max_open = null")
    assert look(connection, ny("12:16")) == {}
    status(admin, "1", ny("12:20"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:22")) == {"answered": 1}
    assert reps(connection, given) == ["farah-ali", "ben-okafor"]
    assert below(connection, given)[-1][1].endswith(
        "handed it on in HubSpot: Good lead, but not mine. It goes to Ben Okafor"
    )
    assert queued(connection, f"{given.handoff_id}:{given.assignment_id}:reopened") is not None
    assert [kind for kind, *_ in answers(connection)] == ["declined"]
    assert look(connection, ny("12:23")) == {}


def test_nobody_else_gets_a_lead_that_somebody_has_been_in_touch_with(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    call(admin, "1", ny("12:05"), "1001")
    assert look(connection, ny("12:06")) == {"contacted": 1}
    status(admin, "1", ny("12:10") + timedelta(milliseconds=700), "UNQUALIFIED", "not_mine")
    hand(connection, "1", "ben-okafor", ny("12:11"), product="insights", **HIGH)
    assert look(connection, ny("12:12")) == {"answered": 1}
    assert [kind for kind, *_ in answers(connection)] == ["contacted"]
    assert reps(connection, given) == ["ana-costa"]
    said = (
        "In HubSpot it was rejected: Good lead, but not mine. "
        "Somebody has been in touch, so nobody else gets it. Choose another reason."
    )
    assert [text for _, text in below(connection, given) if "HubSpot" in text] == [said] * 2
    # The other product's begins with a new lead.
    assert queued(connection, f"{given.handoff_id}:{given.assignment_id}:used") is not None
    assert look(connection, ny("12:13")) == {}
    # What the thread asks for is given within the time for a second save, so it counts from the first one.
    answered_at = ny("12:10") + timedelta(milliseconds=700)
    status(admin, "1", answered_at, "UNQUALIFIED", "no_interest", reason_at=ny("12:13"))
    assert look(connection, ny("12:15")) == {"answered": 1}
    assert answers(connection)[-1] == ("rejected", given.assignment_id, "no_interest", answered_at)


def queued(connection: Connection, key: str) -> dict[str, Any] | None:
    payload: dict[str, Any] | None = value(
        connection, "select payload from handoff.outbox where dedupe_key = %s", f"hubspot_contact:{key}"
    )
    return payload


def test_the_next_rep_of_a_lead_that_was_handed_on_in_the_crm_begins_with_a_new_one(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    given = hand(connection, "1", "ana-costa", NOON, **HIGH)
    status(admin, "1", ny("12:10"), "UNQUALIFIED", "not_mine")
    look(connection, ny("12:12"))
    written = queued(connection, f"{given.handoff_id}:{given.assignment_id}:reopened")
    assert written == {
        "contact_id": "1",
        "properties": {"hs_lead_status": "NEW", "handoff_rejection_reason": ""},
        "expected": {
            "hs_lead_status": "UNQUALIFIED",
            "handoff_rejection_reason": "not_mine",
            "read_at": ny("12:11").isoformat(),
        },
    }


def test_more_rejections_in_the_crm_than_a_day_has_are_told_once_a_rep(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    """The agreement says five."""

    def told() -> list[str]:
        rows = connection.execute(
            "select payload ->> 'text' as text from handoff.outbox where dedupe_key like 'slack_review:rejections:%'"
        )
        return [row["text"] for row in rows]

    for number in range(1, 9):
        hand(connection, str(number), "ana-costa", NOON, **HIGH)
    for number in range(1, 6):
        status(admin, str(number), ny("12:10"), "UNQUALIFIED", "no_interest", "1001")
    assert look(connection, ny("12:12")) == {"answered": 5}
    assert told() == []
    for number in range(6, 9):
        status(admin, str(number), ny("12:20"), "UNQUALIFIED", "no_interest", "1001")
    assert look(connection, ny("12:22")) == {"answered": 3}
    (text,) = told()
    assert text.startswith("Ana Costa has rejected 6 leads on 2026-11-25, the last ones in HubSpot: more than the 5")


def test_who_hands_on_after_the_deadline_has_missed_it_also_when_the_crm_is_read_late(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    late = hand(connection, "1", "ana-costa", NOON, **HAND_RAISER)
    in_time = hand(connection, "2", "ana-costa", NOON, **HAND_RAISER)
    status(admin, "2", ny("12:04"), "UNQUALIFIED", "not_mine")
    status(admin, "1", ny("12:06"), "UNQUALIFIED", "not_mine")
    assert look(connection, ny("12:07"), ny("12:03"))["answered"] == 2
    for each in (late, in_time):
        assert reps(connection, each) == ["ana-costa", "ben-okafor"]
    assert look(connection, ny("12:08"), ny("12:08")).get("breached") == 1
    assert value(connection, "select assignment_id from handoff.breaches") == late.assignment_id
    # The contact tells of Ben's clock, which runs.
    assert queued(connection, f"{late.handoff_id}:{late.assignment_id}:breached") is None
    assert look(connection, ny("12:08") + SECOND).get("breached") is None


def test_a_breach_that_was_marked_stays_one_whatever_is_logged_later(
    connection: Connection, admin: psycopg.Connection[Any]
) -> None:
    marked, before = (hand(connection, lead, "ana-costa", NOON, **HAND_RAISER) for lead in ("1", "2"))
    for lead, at in (("1", "12:02"), ("2", "12:03")):
        status(admin, lead, ny(at), "IN_PROGRESS")
    assert look(connection, ny("12:06"), ny("12:04")).get("breached") is None
    # Made and logged in time, and read late.
    call(admin, "2", ny("12:04"), "1001", ny("12:05"))
    assert look(connection, ny("12:07"))["breached"] == 1
    call(admin, "1", ny("12:04"), "1001", ny("12:09"))
    assert look(connection, ny("12:10")) == {"contacted": 1}
    contacts = connection.execute(
        "select handoff_id, occurred_at from handoff.dispositions where kind = 'contacted' order by occurred_at"
    ).fetchall()
    assert [(row["handoff_id"], row["occurred_at"]) for row in contacts] == [
        (before.handoff_id, ny("12:04")),
        (marked.handoff_id, ny("12:09")),
    ]
    for given, said in ((marked, "breached"), (before, "met")):
        written = queued(connection, f"{given.handoff_id}:{given.assignment_id}:{said}:contacted")
        assert written is not None
        assert written["properties"]["handoff_sla_status"] == said
