"""The breaker's question is answered where it is asked: once, by a manager, and the message says what became of it."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.notify import flood_card
from handoff.notify.senders import rendered
from handoff.route import flood
from handoff.watch import answers
from sandbox.slack import blocks as block_kit
from tests.integration.routers import decision
from tests.unit.route.handed import NOON
from tests.unit.watch.pressing import ANA, EMI, FARAH, NUMBERS, act, effects, rows, stored, whispers

SOON = NOON + timedelta(minutes=10)
CHANNEL, TS = "C0REVIEW00", "1764090000.000001"
HELD = 3


@pytest.fixture
def flood_id(connection: Connection) -> int:
    """A question about three leads, which stands in Slack."""
    for number in range(100):
        connection.execute(
            "insert into handoff.pending_leads (lead_id, batch_id, extracted_at) values (%s, 1, %s)", (number, NOON)
        )
    flood.admit(connection, [decision(number, "max_open", 100) for number in range(30 + HELD)], NOON, lambda each: 1)
    found = flood.current(connection)
    assert found is not None
    connection.execute(
        """update handoff.outbox set state = 'sent', sent_at = created_at, attempts = 1,
            result = jsonb_build_object('channel', %s::text, 'ts', %s::text) where dedupe_key = %s""",
        (CHANNEL, TS, flood_card.key(found.flood_id)),
    )
    return found.flood_id


def press(flood_id: int, action: str, user: str, ts: str = TS, **changed: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": user},
        "container": {"channel_id": CHANNEL, "message_ts": ts},
        "trigger_id": str(next(NUMBERS)),
        "actions": [{"action_id": action, "value": str(flood_id)}],
        **changed,
    }


def answered(connection: Connection) -> list[tuple[str, str]]:
    return [(row["answer"], row["answered_by"]) for row in rows(connection, "select * from handoff.floods")]


def said(connection: Connection, flood_id: int) -> str:
    made = rendered(connection, "slack_review", {"flood_id": flood_id}, SOON)
    assert block_kit.faults(made.blocks) == []
    return made.text


@pytest.mark.parametrize(
    ("action", "answer", "label"),
    [(flood_card.RELEASE, "released", "Released"), (flood_card.DROP, "dropped", "Dropped")],
)
def test_a_manager_answers_and_the_question_says_so(
    connection: Connection, flood_id: int, action: str, answer: str, label: str
) -> None:
    assert said(connection, flood_id).startswith("3 MQLs are held: more than the 30 an hour")
    outcome = act(connection, press(flood_id, action, FARAH), SOON)
    assert (outcome.label, outcome.has_effects) == (answer, True)
    assert answered(connection) == [(answer, "Farah Ali")]
    assert said(connection, flood_id).startswith(f"{label} by Farah Ali, 17:10 UTC. 3 MQLs are held")
    assert effects(connection, "slack_update") == [{"message": flood_card.key(flood_id)}]
    made = rendered(connection, "slack_review", {"flood_id": flood_id}, SOON)
    assert [block["type"] for block in made.blocks] == ["section"]


def test_while_nobody_has_answered_there_are_two_buttons_that_ask_once_more(
    connection: Connection, flood_id: int
) -> None:
    made = rendered(connection, "slack_review", {"flood_id": flood_id}, SOON)
    (buttons,) = [block["elements"] for block in made.blocks if block["type"] == "actions"]
    assert [(each["action_id"], each["value"]) for each in buttons] == [
        (flood_card.RELEASE, str(flood_id)),
        (flood_card.DROP, str(flood_id)),
    ]
    assert buttons[0]["confirm"]["text"]["text"] == "3 leads go to their reps at once."


@pytest.mark.parametrize("user", [ANA, "U0NOBODY"])
def test_who_manages_nobody_changes_nothing(connection: Connection, flood_id: int, user: str) -> None:
    assert act(connection, press(flood_id, flood_card.RELEASE, user), SOON).label == "refused"
    assert answered(connection) == [(None, None)]
    assert whispers(connection) == [(user, "Only a manager of the agreement may answer this. Nothing was changed.")]


def test_the_second_is_told_who_was_first(connection: Connection, flood_id: int) -> None:
    act(connection, press(flood_id, flood_card.DROP, FARAH), SOON)
    act(connection, press(flood_id, flood_card.RELEASE, FARAH), SOON + timedelta(seconds=1))
    assert answered(connection) == [("dropped", "Farah Ali")]
    assert whispers(connection) == [(FARAH, f"Nothing was changed; flood {flood_id}: Farah Ali dropped it.")]


def test_many_at_once_have_one_winner(connection: Connection, flood_id: int) -> None:
    events = [
        stored(connection, press(flood_id, action, FARAH), SOON)
        for action in (flood_card.RELEASE, flood_card.DROP)
        for _ in range(10)
    ]
    labels: Counter[str] = Counter()

    def apply(event: str) -> None:
        with db.connect() as own:
            outcome = answers.apply(own, event, SOON, is_live=True)
            labels[outcome.label if outcome else "elsewhere"] += 1

    threads = [threading.Thread(target=apply, args=(event,)) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert labels["released"] + labels["dropped"] == 1
    assert labels["refused"] == len(events) - 1


@pytest.mark.parametrize(
    "changed",
    [
        {"ts": "1764090000.000002"},
        {"actions": [{"action_id": flood_card.RELEASE, "value": "１"}]},
        {"actions": [{"action_id": flood_card.RELEASE, "value": "999"}]},
        {"actions": [{"action_id": "handoff_flood_burn", "value": "1"}]},
        {"actions": []},
        {"type": "view_submission"},
        {"user": None},
    ],
)
def test_anything_else_is_ignored(connection: Connection, flood_id: int, changed: dict[str, Any]) -> None:
    payload = press(flood_id, flood_card.RELEASE, EMI, ts=changed.get("ts", TS)) | changed
    outcome = act(connection, payload, SOON)
    assert (outcome.label, outcome.has_effects) == ("ignored", False)
    assert answered(connection) == [(None, None)]
    assert whispers(connection) == []


def test_the_watch_applies_a_press_whose_request_was_cut_off(connection: Connection, flood_id: int) -> None:
    stored(connection, press(flood_id, flood_card.RELEASE, FARAH), SOON)
    assert answers.run(connection, SOON + timedelta(seconds=11), {}) == {"released": 1}
    assert answered(connection) == [("released", "Farah Ali")]
