"""What follows a card in Slack: updated in place, lines below it, and a word to one person."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from handoff.clients.slack import SlackHook
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.notify import cards
from handoff.notify.deliver import deliver
from handoff.route.assignments import Assignment
from handoff.watch import run as watch
from handoff.watch.answers import Form
from handoff.web import answering
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.dying import dies_at
from tests.unit.notify.clock import Clock, told
from tests.unit.notify.contexts import texts
from tests.unit.route import handed

ANA_DM, HANDOFFS = "D0ANACOSTA", "C0HANDOFFS"


@pytest.fixture
def connection(agreement_database: Database) -> Iterator[Connection]:
    with db.connect() as opened:
        yield opened


@pytest.fixture
def given(connection: Connection, slack: SlackHook, clock: Clock) -> Assignment:
    """A handoff that Ana Costa has, and has not been told of yet."""
    return handed.to(connection, "1", "ana-costa", clock())


def tops(sandbox: RunningSandbox) -> dict[str, str]:
    """The first line of each card, by channel; lines in threads left out."""
    return {each["channel"]: texts(each["blocks"])[0] for each in told(sandbox) if "thread_ts" not in each}


def below(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return [(each["channel"], each["text"]) for each in told(sandbox) if "thread_ts" in each]


def accept(connection: Connection, given: Assignment, clock: Clock) -> int:
    with connection.transaction():
        handed.answer(connection, given, "accepted", clock())
        return cards.refresh(connection, given.handoff_id, clock())


def states(connection: Connection, kind: str) -> list[tuple[str, Any]]:
    rows = connection.execute(
        "select state, result ->> 'gone' as gone from handoff.outbox where kind = %s order by outbox_id", (kind,)
    )
    return [(row["state"], row["gone"]) for row in rows]


def test_the_cards_of_a_handoff_are_not_looked_for_among_all_that_was_ever_sent(connection: Connection) -> None:
    connection.execute("set enable_seqscan = off")
    plan = connection.execute("explain select from handoff.outbox where handoff_id = 'ho_1'").fetchall()
    assert "using outbox_of_handoff" in str(plan)


def test_both_cards_are_sent_with_buttons_and_brought_up_to_date_in_place(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    assert deliver(connection, slack, clock)["sent"] == 2
    assert tops(sandbox) == dict.fromkeys((ANA_DM, HANDOFFS), "Offered to Ana Costa")
    before = {each["ts"]: each["metadata"] for each in told(sandbox)}
    values = {
        e["value"]
        for each in told(sandbox)
        for block in each["blocks"]
        for e in block.get("elements", ())
        if "value" in e
    }
    assert values == {str(given.assignment_id)}
    assert accept(connection, given, clock) == 2
    assert deliver(connection, slack, clock) == {"sent": 0, "pending": 0, "dead": 0, "reps": 0}
    assert {top.split(",")[0] for top in tops(sandbox).values()} == {"Accepted by somebody"}
    assert {each["ts"]: each["metadata"] for each in told(sandbox)} == before


def test_a_state_is_sent_once_and_the_next_one_again(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    deliver(connection, slack, clock)
    assert accept(connection, given, clock) == 2
    assert cards.refresh(connection, given.handoff_id, clock()) == 0
    connection.execute(
        "insert into handoff.breaches (assignment_id, due_at, marked_at) values (%s, %s, %s)",
        (given.assignment_id, clock(), clock()),
    )
    assert cards.refresh(connection, given.handoff_id, clock()) == 2
    # Both updates say what the ledger holds when they go out, so their order does not matter.
    deliver(connection, slack, clock)
    assert states(connection, "slack_update") == [("sent", None)] * 4
    assert all("Deadline missed" in top for top in tops(sandbox).values())


def test_a_card_may_be_snoozed_again_once_it_is_quiet_no_more(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    def shown() -> list[tuple[bool, bool]]:
        """Of each card, whether it says that it is quiet, and whether it can be snoozed."""
        blocks = [json.dumps(each["blocks"]) for each in told(sandbox) if "thread_ts" not in each]
        return [("Reminders are quiet until" in each, "handoff_snooze" in each) for each in blocks]

    given = handed.to(connection, "1", "ana-costa", clock(), tier="standard", minutes=480)
    deliver(connection, slack, clock)
    with connection.transaction():
        connection.execute(
            """insert into handoff.dispositions (
                handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence, snoozed_until
            ) values (%s, %s, 'snoozed', %s, %s, '{}', %s)""",
            (given.handoff_id, given.assignment_id, clock(), clock(), clock() + timedelta(minutes=5)),
        )
        cards.refresh(connection, given.handoff_id, clock())
    for minutes, updates, state in ((0, None, (True, False)), (4, None, (True, False)), (1, 2, (False, True))):
        clock.pass_by(minutes=minutes)
        assert watch.run(connection, clock()).get("unsnoozed") == updates
        deliver(connection, slack, clock)
        assert shown() == [state] * 2
    clock.pass_by(minutes=1)
    assert "unsnoozed" not in watch.run(connection, clock())


def test_a_card_that_nobody_has_tried_to_send_says_the_present_state_by_itself(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    assert accept(connection, given, clock) == 0
    deliver(connection, slack, clock)
    assert {top.split(",")[0] for top in tops(sandbox).values()} == {"Accepted by somebody"}


def test_no_state_falls_between_the_ledger_and_a_card_that_goes_out_meanwhile(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    def send() -> None:
        with db.connect() as own:
            deliver(own, SlackHook(), clock, kinds=[cards.DM])

    sender = threading.Thread(target=send)
    with connection.transaction():
        handed.answer(connection, given, "accepted", clock())
        queued = cards.refresh(connection, given.handoff_id, clock())
        sender.start()
        while sender.is_alive() and not _waits_for_a_lock():
            pass
    sender.join()
    deliver(connection, slack, clock)
    assert queued == 0
    assert tops(sandbox)[ANA_DM].startswith("Accepted by somebody")


def _waits_for_a_lock() -> bool:
    with db.connect("handoff_admin") as admin:
        row = admin.execute(
            """select count(*) as n from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query like 'update handoff.outbox%'"""
        ).fetchone()
    return bool(row and row["n"])


def test_a_card_that_somebody_deleted_is_left_alone(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    deliver(connection, slack, clock)
    (card,) = [each for each in told(sandbox) if each["channel"] == ANA_DM]
    sandbox.control("POST", "slack/delete", {"channel": ANA_DM, "ts": card["ts"]})
    accept(connection, given, clock)
    assert deliver(connection, slack, clock)["pending"] == 0
    assert states(connection, "slack_update") == [("sent", "message_not_found"), ("sent", None)]
    assert tops(sandbox)[HANDOFFS].startswith("Accepted by somebody")
    # The policy model about messages without an id finds none of it.
    assert (
        connection.execute("select from handoff.outbox where state = 'sent' and result ->> 'ts' is null").rowcount == 0
    )


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "html"])
def test_an_update_without_a_clear_answer_is_done_again(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment, fault: str
) -> None:
    deliver(connection, slack, clock)
    accept(connection, given, clock)
    sandbox.control("POST", "faults", {"kind": fault, "path": "chat.update", "at": [1]})
    assert deliver(connection, slack, clock)["pending"] == 1
    clock.pass_by(seconds=15)
    assert deliver(connection, slack, clock)["pending"] == 0
    assert {top.split(",")[0] for top in tops(sandbox).values()} == {"Accepted by somebody"}
    assert len(told(sandbox)) == 2


def test_what_follows_a_card_in_doubt_waits_for_it_and_holds_back_nothing_else(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    doubtful = [given, *(handed.to(connection, each, "ana-costa", clock()) for each in "23")]
    sandbox.control("POST", "faults", {"kind": "drop_after", "path": "chat.postMessage", "times": 3})
    deliver(connection, slack, clock, kinds=[cards.DM])
    clear = handed.to(connection, "4", "ben-okafor", clock())
    deliver(connection, slack, clock, kinds=[cards.DM])
    for each in (*doubtful, clear):
        accept(connection, each, clock)
        cards.say(connection, each.handoff_id, each.assignment_id, "x", "Said", clock(), kinds=(cards.DM,))
    deliver(connection, slack, clock, kinds=[cards.UPDATE, cards.THREAD])
    assert [channel for channel, _ in below(sandbox)] == ["D0BENOKAFO"]
    clock.pass_by(minutes=1)
    deliver(connection, slack, clock)
    assert len([each for each in told(sandbox) if each["channel"] == ANA_DM]) == 6
    mine = [each for each in told(sandbox) if each["channel"] == ANA_DM and "thread_ts" not in each]
    shown = [texts(each["blocks"])[0] for each in mine]
    assert [top.split(",")[0] for top in shown] == ["Accepted by somebody"] * 3


def test_one_killed_while_it_puts_off_what_follows_says_it_once_later(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    cards.say(connection, given.handoff_id, given.assignment_id, "x", "Said", clock(), kinds=(cards.DM,))
    assert dies_at("notify.cards.waited", lambda own: deliver(own, slack, clock, kinds=[cards.THREAD]))
    row = connection.execute("select not_before, attempts from handoff.outbox where kind = 'slack_thread'").fetchone()
    assert row is not None
    assert (row["not_before"] > clock(), row["attempts"]) == (True, 0)
    for _ in range(3):
        deliver(connection, slack, clock)
        clock.pass_by(minutes=1)
    assert below(sandbox) == [(ANA_DM, "Said")]


def test_one_killed_after_a_form_did_not_open_tells_its_person_once(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    form = Form("expired", {"type": "modal"}, "key", HANDOFFS, "U0ANACOSTA")
    assert dies_at("watch.answer.unopened", lambda own: answering.open_form(form))
    assert answering.open_form(form)
    rows = connection.execute("select payload ->> 'text' as text from handoff.outbox where kind = 'slack_ephemeral'")
    assert [row["text"] for row in rows] == [answering.NOT_IN_TIME]


def test_nothing_follows_a_card_that_was_given_up(
    connection: Connection, slack: SlackHook, clock: Clock, given: Assignment
) -> None:
    deliver(connection, slack, clock)
    accept(connection, given, clock)
    cards.say(connection, given.handoff_id, given.assignment_id, "x", "Said", clock())
    only_dm = (cards.DM,)
    cards.say(connection, given.handoff_id, given.assignment_id, "y", "Call them", clock(), only_dm, mentions=True)
    with psycopg.connect(db.connections.get("handoff_admin").dsn) as admin:
        admin.execute("update handoff.outbox set state = 'dead', sent_at = null where kind = 'slack_dm'")
    deliver(connection, slack, clock)
    assert states(connection, "slack_update") == [("dead", None), ("sent", None)]
    assert states(connection, "slack_thread") == [("dead", None), ("sent", None)]
    assert states(connection, "slack_call") == [("dead", None)]
    # What called for the rep is told to somebody else.
    assert states(connection, "slack_review") == [("sent", None)]


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "html", "truncate"])
def test_a_line_below_a_card_is_said_once(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment, fault: str
) -> None:
    deliver(connection, slack, clock)
    arguments = (connection, given.handoff_id, given.assignment_id, "accepted", "Ana &lt;accepted&gt; it", clock())
    assert (cards.say(*arguments), cards.say(*arguments)) == (2, 0)
    sandbox.control("POST", "faults", {"kind": fault, "path": "chat.postMessage", "at": [1]})
    assert deliver(connection, slack, clock)["pending"] == 1
    clock.pass_by(seconds=15)
    assert deliver(connection, slack, clock)["pending"] == 0
    assert sorted(below(sandbox)) == [(HANDOFFS, "Ana &lt;accepted&gt; it"), (ANA_DM, "Ana &lt;accepted&gt; it")]
    threads = {each["thread_ts"] for each in told(sandbox) if "thread_ts" in each}
    assert threads == {each["ts"] for each in told(sandbox) if "thread_ts" not in each}


def test_a_line_may_go_below_one_card_alone(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, given: Assignment
) -> None:
    deliver(connection, slack, clock)
    cards.say(connection, given.handoff_id, given.assignment_id, "x", "Said", clock(), kinds=(cards.CHANNEL,))
    cards.say(connection, given.handoff_id, given.assignment_id + 1, "x", "Nowhere", clock())
    deliver(connection, slack, clock)
    assert below(sandbox) == [(HANDOFFS, "Said")]


def test_a_word_for_one_person_is_seen_by_them_alone(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    for _ in range(2):
        cards.whisper(connection, "click-1", HANDOFFS, "U0BENOKAFO", "Only Ana can answer this.", clock())
    cards.whisper(connection, "click-2", HANDOFFS, "U0NOBODY00", "x", clock())
    assert deliver(connection, slack, clock).items() >= {"pending": 0, "dead": 1}.items()
    (seen,) = sandbox.control("GET", "slack/ephemeral")["messages"]
    assert (seen["channel"], seen["user"], seen["message"]["text"]) == (
        HANDOFFS,
        "U0BENOKAFO",
        "Only Ana can answer this.",
    )
    assert told(sandbox) == []
    assert states(connection, "slack_review") == []
