"""A rep who would get a flood gets one message with the same buttons, each lead in exactly one message."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from handoff.clients.slack import SlackHook
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.notify import cards
from handoff.notify.deliver import deliver
from handoff.route.assignments import Assignment
from sandbox.slack import blocks as block_kit
from sandbox.testing import RunningSandbox
from tests.conftest import Database
from tests.dying import dies_at
from tests.unit.notify.clock import Clock, told
from tests.unit.route import handed

ANA_DM, BEN_DM = "D0ANACOSTA", "D0BENOKAFO"
DIRECT = (cards.DM, "slack_digest", cards.UPDATE, cards.THREAD)
ALONE = 1
"""What `max_cards` is made here, because Slack takes one message a second."""


@pytest.fixture
def connection(agreement_database: Database) -> Iterator[Connection]:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.handoff_policy set max_cards = %s", (ALONE,))
    with db.connect() as opened:
        yield opened


def give(
    connection: Connection, clock: Clock, *numbers: int, rep_id: str = "ana-costa", hours_ago: int = 1, **tier: Any
) -> list[Assignment]:
    """Leads that have waited for an outage to end, with four hours each unless told, but number 1, who has raised a
    hand and comes last."""
    at = clock() - timedelta(hours=hours_ago)
    high = [handed.to(connection, str(n), rep_id, at, **tier) for n in numbers if n != 1]
    hot = [handed.to(connection, "1", rep_id, at, tier="hand_raiser", minutes=30) for n in numbers if n == 1]
    return high + hot


def give_now(connection: Connection, clock: Clock, *numbers: int, **tier: Any) -> list[Assignment]:
    return give(connection, clock, *numbers, hours_ago=0, **tier)


def send(connection: Connection, slack: SlackHook, clock: Clock) -> dict[str, int]:
    return deliver(connection, slack, clock, DIRECT)


def leads(sandbox: RunningSandbox, channel: str = ANA_DM) -> list[list[str]]:
    """The leads each message of a conversation offers, by its buttons' assignment; lines below one left out."""
    return [
        list(
            dict.fromkeys(
                element["value"]
                for block in each["blocks"]
                for element in block.get("elements", ())
                if "value" in element
            )
        )
        for each in told(sandbox)
        if each["channel"] == channel and "thread_ts" not in each
    ]


def digest(sandbox: RunningSandbox) -> dict[str, Any]:
    (found,) = [each for each in told(sandbox) if each["text"].partition(" ")[2].startswith("leads are yours")]
    return found


def offered(given: list[Assignment]) -> set[str]:
    return {str(each.assignment_id) for each in given}


def test_what_is_too_much_comes_as_one_message_the_hottest_before_it(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give(connection, clock, *range(1, 6))
    to_ben = give(connection, clock, 20, rep_id="ben-okafor")
    assert send(connection, slack, clock) == {"sent": ALONE + 2, "pending": 0, "dead": 0, "reps": ALONE + 2}
    mine = leads(sandbox)
    assert Counter(len(each) for each in mine) == {1: ALONE, 4: 1}
    assert {value for each in mine for value in each} == offered(given)
    hand_raiser = str(given[-1].assignment_id)
    assert [hand_raiser] in mine
    assert leads(sandbox, BEN_DM) == [[value] for value in offered(to_ben)]
    made = digest(sandbox)
    assert made["text"].startswith("4 leads are yours: Lead ")
    assert block_kit.faults(made["blocks"]) == []


def test_a_card_in_a_digest_is_sent_and_its_clock_runs_from_then_on(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    give(connection, clock, *range(1, 6))
    send(connection, slack, clock)
    places = connection.execute(
        "select state, sent_at, result ->> 'ts' as ts from handoff.outbox where kind = 'slack_dm'"
    ).fetchall()
    assert {(row["state"], row["sent_at"]) for row in places} == {("sent", clock())}
    assert Counter(row["ts"] for row in places)[digest(sandbox)["ts"]] == 4
    clock.pass_by(hours=1)
    assert send(connection, slack, clock)["sent"] == 0


def test_what_comes_one_by_one_is_one_message_at_the_end_of_the_window(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give_now(connection, clock, 2)
    assert send(connection, slack, clock)["sent"] == ALONE
    for number in range(3, 6):
        clock.pass_by(minutes=3)
        given += give_now(connection, clock, number)
        assert send(connection, slack, clock) == {"sent": 0, "pending": number - 2, "dead": 0, "reps": 0}
    given += give_now(connection, clock, 1)
    assert send(connection, slack, clock)["sent"] == 1
    clock.pass_by(minutes=1)
    given += give_now(connection, clock, 6)
    assert send(connection, slack, clock) == {"sent": 1, "pending": 0, "dead": 0, "reps": 1}
    assert Counter(len(each) for each in leads(sandbox)) == {1: ALONE + 1, 4: 1}
    assert Counter(value for each in leads(sandbox) for value in each) == Counter(offered(given))
    clock.pass_by(minutes=10)
    give_now(connection, clock, 7)
    assert send(connection, slack, clock)["sent"] == 1


def test_what_is_too_much_at_once_waits_no_longer_than_a_window_and_alone_is_a_card(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give_now(connection, clock, 2, 3)
    assert send(connection, slack, clock)["sent"] == ALONE
    clock.pass_by(minutes=9, seconds=59)
    assert send(connection, slack, clock)["sent"] == 0
    clock.pass_by(seconds=1)
    assert send(connection, slack, clock)["sent"] == 1
    assert {len(each) for each in leads(sandbox)} == {1}
    assert {value for each in leads(sandbox) for value in each} == offered(given)


def test_who_is_promised_an_answer_within_the_window_never_waits(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give_now(connection, clock, 2, 3, minutes=10) + give_now(connection, clock, 4, minutes=11)
    assert send(connection, slack, clock)["sent"] == 2
    assert [value for each in leads(sandbox) for value in each] == [str(each.assignment_id) for each in given[:2]]


def test_one_more_than_fits_is_still_a_card(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    give(connection, clock, *range(2, 4))
    assert send(connection, slack, clock)["sent"] == ALONE + 1
    assert {len(each) for each in leads(sandbox)} == {1}


def test_what_came_before_counts_until_the_window_has_passed(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    give(connection, clock, 2)
    assert send(connection, slack, clock)["sent"] == ALONE
    clock.pass_by(minutes=9)
    give(connection, clock, 10, 11)
    assert send(connection, slack, clock)["sent"] == 1
    clock.pass_by(minutes=2)
    give(connection, clock, 12, 13)
    assert send(connection, slack, clock)["sent"] == 2
    assert Counter(len(each) for each in leads(sandbox)) == {1: ALONE + 2, 2: 1}


def test_more_than_a_message_holds_are_several(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give(connection, clock, *range(2, 2 + ALONE + 12 + 3))
    assert send(connection, slack, clock)["sent"] == ALONE + 2
    assert Counter(len(each) for each in leads(sandbox)) == {1: ALONE, 12: 1, 3: 1}
    assert {value for each in leads(sandbox) for value in each} == offered(given)
    assert all(block_kit.faults(each["blocks"]) == [] for each in told(sandbox))


def test_an_answer_changes_the_digest_in_place_and_names_the_lead_below(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give(connection, clock, *range(2, 6))
    send(connection, slack, clock)
    place = digest(sandbox)["ts"]
    (lead, *others) = next(each for each in leads(sandbox) if len(each) > 1)
    (mine,) = [each for each in given if str(each.assignment_id) == lead]
    with connection.transaction():
        handed.answer(connection, mine, "rejected", clock())
        assert cards.refresh(connection, mine.handoff_id, clock()) == 1
        cards.say(connection, mine.handoff_id, mine.assignment_id, "1", "Ana rejected it", clock(), (cards.DM,))
    send(connection, slack, clock)
    assert digest(sandbox)["ts"] == place
    assert next(each for each in leads(sandbox) if len(each) > 1) == others
    assert "Rejected by" in str(digest(sandbox)["blocks"])
    (line,) = [each for each in told(sandbox) if "thread_ts" in each]
    number = mine.handoff_id and next(n for n in range(2, 6) if f"Lead {n} at Northwind" in line["text"])
    assert line["text"] == f"Lead {number} at Northwind: Ana rejected it"
    assert line["thread_ts"] == place


def test_the_digest_with_the_hottest_lead_goes_out_first(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    give(connection, clock, *range(2, 5))
    give(connection, clock, *range(5, 8), rep_id="ben-okafor", minutes=60)
    send(connection, slack, clock)
    sent = sorted(told(sandbox), key=lambda each: float(each["ts"]))
    assert [each["channel"] for each in sent if "leads are yours" in each["text"]] == [BEN_DM, ANA_DM]


@pytest.mark.parametrize("fault", ["drop_after", "html", "truncate"])
def test_a_digest_without_a_clear_answer_is_sent_once(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, fault: str
) -> None:
    given = give(connection, clock, *range(2, 6))
    sandbox.control("POST", "faults", {"kind": fault, "path": "chat.postMessage", "at": [ALONE + 1]})
    assert send(connection, slack, clock)["sent"] == ALONE
    clock.pass_by(minutes=1)
    assert send(connection, slack, clock) == {"sent": 1, "pending": 0, "dead": 0, "reps": 1}
    assert Counter(value for each in leads(sandbox) for value in each) == Counter(offered(given))


def test_a_digest_that_slack_refuses_leaves_its_cards_to_themselves(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give(connection, clock, *range(2, 6))
    refused = {"kind": "slack_error", "error": "invalid_blocks", "path": "chat.postMessage", "at": [ALONE + 1]}
    sandbox.control("POST", "faults", refused)
    assert send(connection, slack, clock)["dead"] == 1
    clock.pass_by(seconds=1)
    assert send(connection, slack, clock)["sent"] == 3
    assert Counter(value for each in leads(sandbox) for value in each) == Counter(offered(given))
    assert {len(each) for each in leads(sandbox)} == {1}


def test_several_at_once_put_each_lead_into_one_message(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give(connection, clock, *range(2, 10))

    def work() -> None:
        with db.connect() as own:
            send(own, SlackHook(), clock)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.pass_by(minutes=1)
    send(connection, slack, clock)
    assert Counter(value for each in leads(sandbox) for value in each) == Counter(offered(given))


@pytest.mark.parametrize("hours_ago", [0, 1])
def test_one_killed_between_gathering_and_sending_is_made_up_for(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, hours_ago: int
) -> None:
    given = give(connection, clock, *range(2, 6), hours_ago=hours_ago)
    assert dies_at("notify.digest.gathered", lambda own: send(own, SlackHook(), clock))
    assert leads(sandbox) == []
    assert send(connection, slack, clock)["sent"] == ALONE + hours_ago
    clock.pass_by(minutes=10)
    assert send(connection, slack, clock)["sent"] == 1 - hours_ago
    assert Counter(value for each in leads(sandbox) for value in each) == Counter(offered(given))


def test_the_agreement_says_how_many(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.handoff_policy set max_cards = 2, card_window_minutes = 60")
    give(connection, clock, 2, 3, 4, 5)
    send(connection, slack, clock)
    clock.pass_by(minutes=59)
    give(connection, clock, 6, 7)
    send(connection, slack, clock)
    assert Counter(len(each) for each in leads(sandbox)) == {1: 2, 2: 2}


def test_a_deadline_shows_what_the_clock_says(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    given = give(connection, clock, *range(2, 6))
    connection.execute(
        """insert into handoff.clock_pauses (assignment_id, began_at, ended_at, reason, due_at)
        select assignment_id, assigned_at, assigned_at + interval '1 hour', 'outage', %s from handoff.assignments""",
        (given[0].due_at + timedelta(days=365),),
    )
    send(connection, slack, clock)
    shown = [line for block in digest(sandbox)["blocks"] for line in str(block).split("\\n") if "Call by" in line]
    assert len(shown) == 3
    assert all(f"{given[0].due_at + timedelta(days=365):%b}" in line for line in shown)
