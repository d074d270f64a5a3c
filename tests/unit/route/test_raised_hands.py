"""A lead that asks again while a rep has it: somebody who is there hears of it, once, however much else they hear."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put
from handoff.route import raised_hands
from handoff.route.assignments import Assignment
from tests.conftest import Database
from tests.unit.route.handed import NOON, answer, to
from tests.unit.watch.clockwork import ANA, FARAH, below, leave, notes, value

MINUTE = timedelta(minutes=1)
ACT = "form:77:1"
ASKED = "raised a hand again, 13:00 EST: Submitted the form “Request a demo”"


def ask(database: Database, at: datetime = NOON + 60 * MINUTE) -> None:
    """Lead 1 submits a form, and waits to be decided about."""
    with psycopg.connect(database.admin_dsn) as admin:
        named = {"act": ACT, "at": at}
        admin.execute(
            """insert into line.int_qualifications
                (lead_id, product_id, decision, is_hand_raiser, is_handed_off, trigger_activity_id, trigger_summary,
                trigger_at)
            values ('1', 'platform', 'mql', true, true, %(act)s, 'Submitted the form “Request a demo”', %(at)s)""",
            named,
        )
        admin.execute(
            "insert into line.int_activities (lead_id, activity_id, extracted_at) values ('1', %(act)s, %(at)s)", named
        )
        admin.execute(
            "insert into handoff.pending_leads (lead_id, batch_id, extracted_at) values ('1', 1, %(at)s)", named
        )


def tell(connection: Connection, at: datetime = NOON + 61 * MINUTE) -> None:
    raised: dict[str, Exception] = {}
    raised_hands.tell(connection, 1, at, raised)
    assert raised == {}


def give_up(connection: Connection, given: Assignment, *which: str) -> None:
    """Cards of an assignment that Slack will never take."""
    keys = [f"slack_{card}:{given.handoff_id}:{given.assignment_id}" for card in which]
    connection.execute("update handoff.outbox set state = 'dead' where dedupe_key = any(%s)", (keys,))


@pytest.fixture
def called(connection: Connection, agreement_database: Database) -> Assignment:
    """Ana was in touch with the lead, which then asks again."""
    given = to(connection, "1", "ana-costa", NOON)
    answer(connection, given, "contacted", NOON + 5 * MINUTE)
    ask(agreement_database)
    return given


def test_a_rep_who_is_told_much_already_hears_of_it_all_the_same(connection: Connection, called: Assignment) -> None:
    for number in range(6):
        note = {"slack_user_id": ANA, "text": "Reminder"}
        put(connection, Effect(f"slack_note:ladder:{number}", "slack_note", note, NOON + 60 * MINUTE))
    tell(connection)
    assert [card for card, text in below(connection, called) if "raised a hand again" in text] == ["dm", "channel"]
    assert value(connection, "select count(*) from handoff.outbox where kind = 'slack_call'") == 1
    assert notes(connection, FARAH) == []


def test_a_rep_whose_card_was_given_up_gets_a_note_of_their_own_and_was_told(
    connection: Connection, called: Assignment, agreement_database: Database
) -> None:
    give_up(connection, called, "dm")
    tell(connection)
    assert [card for card, text in below(connection, called) if ASKED[:20] in text] == ["channel"]
    assert notes(connection, ANA) == [f"Lead 1 at Northwind {ASKED}."]
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        ended = "update agreement.reps set manager_id = rep_id, valid_to = '2026-11-25' where rep_id = 'ana-costa'"
        admin.execute(ended)
    tell(connection, NOON + 90 * MINUTE)
    assert len(notes(connection)) == 1
    assert value(connection, "select count(*) from handoff.outbox where kind = 'slack_review'") == 0


@pytest.mark.parametrize(
    ("gone", "has_manager", "dead", "cards"),
    [
        ("ended", True, [], ["channel"]),
        ("ended", True, ["channel"], []),
        ("archived", False, [], ["channel"]),
        ("away", True, [], ["dm", "channel"]),
        ("away", True, ["dm", "channel"], []),
    ],
)
def test_while_the_rep_is_not_there_whoever_is_above_hears_of_it_or_the_review_channel(
    connection: Connection,
    called: Assignment,
    agreement_database: Database,
    gone: str,
    dead: list[str],
    cards: list[str],
    *,
    has_manager: bool,
) -> None:
    give_up(connection, called, *dead)
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        if not has_manager:
            admin.execute("update agreement.reps set manager_id = rep_id")
        if gone == "ended":
            admin.execute("update agreement.reps set valid_to = '2026-11-25' where rep_id = 'ana-costa'")
        elif gone == "archived":
            leave(admin, "1001", NOON)
        else:
            admin.execute(
                """insert into agreement.absences (absence_id, rep_id, valid_from, valid_to, why)
                values ('leave', 'ana-costa', '2026-11-25', '2026-11-28', 'Leave')"""
            )
    for minutes in (61, 62):
        tell(connection, NOON + minutes * MINUTE)
    until = "is away until 00:00 EST Sat 28 Nov" if gone == "away" else "has left"
    said = f"Lead 1 at Northwind {ASKED}. Ana Costa, who has it, {until}."
    review = connection.execute("select payload ->> 'text' as text from handoff.outbox where kind = 'slack_review'")
    if has_manager:
        assert notes(connection) == [said]
        assert notes(connection, FARAH) == [said]
        assert review.fetchall() == []
    else:
        assert notes(connection) == []
        (told,) = review.fetchall()
        assert told["text"] == said.replace("13:00 EST", "18:00 UTC").replace("00:00 EST", "05:00 UTC")
    assert [card for card, text in below(connection, called) if ASKED[:20] in text] == cards


def test_who_goes_after_they_were_told_was_told(
    connection: Connection, called: Assignment, agreement_database: Database
) -> None:
    tell(connection)
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute("update agreement.reps set valid_to = '2026-11-25' where rep_id = 'ana-costa'")
    tell(connection, NOON + 90 * MINUTE)
    assert notes(connection) == []


def test_what_an_older_ledger_has_told_is_told_once_and_its_key_keeps_no_id(
    connection: Connection, called: Assignment
) -> None:
    tell(connection)
    said = "where payload ->> 'text' like '%raised a hand%' order by outbox_id"
    keys = f"select dedupe_key, kind, payload from handoff.outbox {said}"
    present = connection.execute(keys).fetchall()
    assert not [row for row in present if ACT in row["dedupe_key"]]
    with db.connect("handoff_admin") as admin:
        older: Any = f"split_part(dedupe_key, ':hand:', 1) || ':hand:{ACT}'"
        admin.execute(f"update handoff.outbox set dedupe_key = {older} where dedupe_key like '%:hand:%'")
        called_for = "kind = 'slack_thread', payload = payload || '{\"mentions\": true}'"
        admin.execute(f"update handoff.outbox set {called_for} where kind = 'slack_call'")
        for version in ("0025_hand_keys", "0026_calls"):
            admin.execute(import_module(f"handoff.ledger.migrations.versions.{version}").UPGRADE)
    assert connection.execute(keys).fetchall() == present
    tell(connection, NOON + 90 * MINUTE)
    assert connection.execute(keys).fetchall() == present
