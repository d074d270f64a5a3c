"""Delivery to a Slack that behaves and misbehaves like Slack: exactly one message, whatever it answers."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.clients.slack import SlackHook
from handoff.ledger import inbox
from handoff.ledger.db import Connection, connect
from handoff.ledger.outbox import Effect, put
from handoff.notify.card import said
from handoff.notify.context import Attribution, Company, Context, Definition, Lead, Score, Tier, Trigger
from handoff.notify.deliver import deliver
from handoff.notify.text import slack_text
from sandbox.slack import blocks as block_kit
from sandbox.testing import RunningSandbox
from tests.unit.notify.clock import Clock, told
from tests.unit.notify.contexts import RECORD

NOW = datetime(2026, 11, 20, 18, 59, 30, tzinfo=UTC)
ANA_DM, HANDOFFS, REVIEW = "D0ANACOSTA", "C0HANDOFFS", "C0REVIEW00"
CONTEXT = Context(
    lead=Lead("123", name="Jordan Lee"),
    trigger=Trigger("form_submitted", "Submitted the form Request a demo", NOW),
    attribution=Attribution(),
    company=Company("Acme"),
    score=Score(84, 44, 40, 60),
    tier=Tier("hand_raiser", "Hand-raiser", 5),
    definition=Definition("platform", "1"),
)
DM = {
    "kind": "assigned",
    "slack_user_id": "U0ANACOSTA",
    "rep_name": "Ana Costa",
    "time_zone": "America/New_York",
    "due_at": (NOW + timedelta(minutes=5)).isoformat(),
    "context": CONTEXT.to_json(),
}


@pytest.fixture
def connection(database: Any) -> Iterator[Connection]:
    with connect() as opened:
        yield opened


def add(connection: Connection, clock: Clock, kind: str, payload: dict[str, Any], key: str = "1") -> None:
    put(connection, Effect(f"{kind}:{key}", kind, payload, clock()))


def messages(sandbox: RunningSandbox) -> Counter[tuple[str, str]]:
    """How often each channel holds each effect's message."""
    return Counter((each["channel"], each["metadata"]["event_payload"]["dedupe_key"]) for each in told(sandbox))


def error(connection: Connection, key: str) -> str:
    found = connection.execute("select last_error from handoff.outbox where dedupe_key = %s", (key,)).fetchone()
    assert found is not None
    return str(found["last_error"])


def test_the_rep_and_the_channel_are_told(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    add(connection, clock, "slack_dm", DM)
    add(connection, clock, "slack_channel", {**DM, "channel": "#mql-handoffs"})
    add(connection, clock, "slack_review", {"channel": "#revenue-review", "text": "The week: 3 &amp; more"})
    assert deliver(connection, slack, clock) == {"sent": 3, "pending": 0, "dead": 0, "reps": 1}
    assert {each["channel"]: each["text"][:22] for each in told(sandbox)} == {
        ANA_DM: "Jordan Lee at Acme: Su",
        HANDOFFS: "Ana Costa: Jordan Lee ",
        REVIEW: "The week: 3 &amp; more",
    }
    assert deliver(connection, slack, clock).items() >= {"sent": 0, "pending": 0, "dead": 0}.items()
    results = connection.execute("select result from handoff.outbox order by outbox_id").fetchall()
    assert [each["result"]["channel"] for each in results] == [ANA_DM, HANDOFFS, REVIEW]


@pytest.mark.parametrize(
    ("source", "ago", "rest"), [("hubspot", -1, 2), ("hubspot", 1, 0), ("slack", -1, 0)], ids=["news", "old", "a press"]
)
def test_every_rep_is_told_and_copies_give_way_to_the_next_lead(
    connection: Connection,
    slack: SlackHook,
    sandbox: RunningSandbox,
    clock: Clock,
    source: str,
    ago: int,
    rest: int,
) -> None:
    for number in "123":
        add(connection, clock, "slack_dm", DM, number)
        add(connection, clock, "slack_channel", {**DM, "channel": "#mql-handoffs"}, number)
    at = clock() - timedelta(seconds=ago)
    inbox.store(connection, [inbox.Event(source, "next", "contact", "9", at, {})], at)
    counts = deliver(connection, slack, clock, news_since=clock())
    assert counts == {"sent": 6 - rest, "pending": rest, "dead": 0, "reps": 3}
    inbox.mark_read(connection, inbox.unread(connection, source=source)[0], clock())
    assert deliver(connection, slack, clock, news_since=clock())["sent"] == rest
    assert set(messages(sandbox).values()) == {1}
    assert len(messages(sandbox)) == 6


def test_of_what_calls_somebody_and_of_the_rest_one_gets_on_in_each_run(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(connection, clock, "slack_dm", DM)
    deliver(connection, slack, clock)
    for number in "123":
        add(connection, clock, "slack_review", {"channel": REVIEW, "text": f"Alert {number}"}, number)
    clock.pass_by(seconds=1)
    for number in "123":
        line = {"message": "slack_dm:1", "slack_user_id": "U0ANACOSTA", "text": f"Line {number}"}
        add(connection, clock, "slack_call", line, number)
        add(connection, clock, "slack_thread", line, number)
    monkeypatch.setattr("handoff.notify.deliver.BUDGET_S", 0.0)
    assert deliver(connection, slack, clock, news_since=clock())["pending"] == 7
    said = [json.dumps(each["blocks"]) for each in told(sandbox)][1:]
    assert ["U0ANACOSTA" in blocks for blocks in said] == [True, False]
    # What had been due longest.
    assert [each["text"] for each in told(sandbox) if each["channel"] == REVIEW] == ["Alert 1"]


@pytest.mark.parametrize(("kind", "channel"), [("slack_dm", ANA_DM), ("slack_channel", HANDOFFS)])
@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "html", "truncate"])
def test_an_ambiguous_answer_is_one_message(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, kind: str, channel: str, fault: str
) -> None:
    sandbox.control("POST", "faults", {"kind": fault, "path": "chat.postMessage", "at": [1]})
    add(connection, clock, kind, {**DM, "channel": "#mql-handoffs"})
    assert deliver(connection, slack, clock).items() >= {"sent": 0, "pending": 1, "dead": 0}.items()
    clock.pass_by(seconds=15)
    assert deliver(connection, slack, clock).items() >= {"sent": 1, "pending": 0, "dead": 0}.items()
    assert messages(sandbox) == {(channel, f"{kind}:1"): 1}


def test_while_history_is_silent_nothing_is_sent(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    rules = [
        {"kind": "drop_after", "path": "chat.postMessage", "at": [1]},
        {"kind": "status", "path": "conversations.history", "status": 503, "times": 3},
    ]
    sandbox.control("POST", "faults", {"faults": rules})
    add(connection, clock, "slack_dm", DM)
    for _ in range(4):
        assert deliver(connection, slack, clock)["pending"] == 1
        clock.pass_by(minutes=20)
    assert deliver(connection, slack, clock)["sent"] == 1
    assert messages(sandbox) == {(ANA_DM, "slack_dm:1"): 1}


def test_a_limit_is_waited_for(connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock) -> None:
    sandbox.control("POST", "faults", {"kind": "rate_limit", "path": "chat.postMessage", "at": [1]})
    add(connection, clock, "slack_dm", DM)
    assert deliver(connection, slack, clock)["pending"] == 1
    row = connection.execute("select attempts, not_before from handoff.outbox").fetchone()
    assert row is not None
    assert row["attempts"] == 0
    clock.at = row["not_before"]
    assert deliver(connection, slack, clock)["sent"] == 1
    assert messages(sandbox) == {(ANA_DM, "slack_dm:1"): 1}


def test_an_unknown_member_is_given_up_and_the_review_channel_hears_of_it(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    add(connection, clock, "slack_dm", {**DM, "slack_user_id": "U0NOBODY00", "rep_name": "No <!channel> Body"})
    assert deliver(connection, slack, clock).items() >= {"sent": 1, "pending": 0, "dead": 1}.items()
    assert "user_not_found" in error(connection, "slack_dm:1")
    (message,) = told(sandbox)
    assert message["channel"] == REVIEW
    assert "slack_dm for No &lt;!channel&gt; Body" in message["text"]
    assert "user_not_found" in message["text"]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"context": {}}, "lead: Field required"), ({"due_at": "soon"}, "ValueError"), ({"time_zone": None}, "")],
)
def test_a_payload_that_cannot_be_read_is_given_up(
    connection: Connection, slack: SlackHook, clock: Clock, change: dict[str, Any], says: str
) -> None:
    add(connection, clock, "slack_dm", {**DM, **change})
    add(connection, clock, "slack_dm", DM, "2")
    counts = deliver(connection, slack, clock)
    assert counts["dead"] == (1 if says else 0)
    assert says in error(connection, "slack_dm:1")


def test_a_review_that_cannot_be_sent_makes_no_further_message(
    connection: Connection, slack: SlackHook, clock: Clock
) -> None:
    add(connection, clock, "slack_review", {"channel": "#gone", "text": "x"})
    assert deliver(connection, slack, clock).items() >= {"sent": 0, "pending": 0, "dead": 1}.items()


def test_blocks_that_slack_refuses_go_out_as_text(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    broken = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    add(connection, clock, "slack_review", {"channel": REVIEW, "text": "plain", "blocks": broken})
    assert deliver(connection, slack, clock)["sent"] == 1
    (message,) = told(sandbox)
    assert (message["text"], message.get("blocks")) == ("plain", None)


def test_a_revoked_token_keeps_the_queue(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = slack.credentials
    value = {"conn_type": "slack", "password": "xoxb-revoked", "extra": good.extra}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(value))
    for key in "123":
        add(connection, clock, "slack_dm", DM, key)
    assert deliver(connection, SlackHook(), clock) == {"sent": 0, "pending": 3, "dead": 0, "reps": 0}
    clock.pass_by(minutes=2)
    assert deliver(connection, slack, clock).items() >= {"sent": 3, "pending": 0, "dead": 0}.items()
    assert set(messages(sandbox).values()) == {1}


LOUD = slack_text("*Jo* _of_ ~x~ `y` www.evil.example https://evil.example <!here> <https://evil.example|z>", 200)
"""A lead who has much to say for a name."""
LINK = f"<{RECORD}|Open in HubSpot>"


def test_outside_cards_too_a_name_neither_formats_nor_links(
    connection: Connection, slack: SlackHook, sandbox: RunningSandbox, clock: Clock
) -> None:
    add(connection, clock, "slack_dm", DM)
    add(connection, clock, "slack_note", {"slack_user_id": "U0ANACOSTA", "text": f"{LOUD} is waiting. {LINK}"})
    add(connection, clock, "slack_review", {"channel": "#revenue-review", "text": f"{LOUD} went to Ana."})
    deliver(connection, slack, clock)
    add(connection, clock, "slack_thread", {"message": "slack_dm:1", "text": f"Ana rejected {LOUD}"})
    add(connection, clock, "slack_ephemeral", {"channel": HANDOFFS, "user": "U0ANACOSTA", "text": f"Not {LOUD}."})
    clock.pass_by(seconds=2)
    assert deliver(connection, slack, clock)["dead"] == 0
    loud = [each for each in told(sandbox) if "evil" in each["text"]]
    assert len(loud) == 3
    for each in loud:
        assert block_kit.faults(each["blocks"]) == []
        formatted = [text for text in _text_objects(each["blocks"]) if text["type"] != "plain_text"]
        assert all((text["text"], text["verbatim"]) == (LINK, True) for text in formatted)
        assert len(formatted) == each["text"].count(LINK)
        assert any(LOUD in text["text"] for text in _text_objects(each["blocks"]) if text["type"] == "plain_text")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80), st.booleans())
def test_whatever_somebody_is_called_is_plain_text(name: str, has_link: bool) -> None:
    for text in (f"Reminder: {slack_text(name, 60)} is waiting.{f' {LINK}' if has_link else ''}", slack_text(name, 60)):
        texts = list(_text_objects(said(text)))
        assert [each["text"] for each in texts if each["type"] == "mrkdwn"] == [LINK] * text.count(LINK)
        plain = "".join(each["text"] for each in texts if each["type"] == "plain_text")
        assert plain == text.replace(LINK, "").strip()


def _text_objects(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield from ([block["text"]] if "text" in block else block["elements"])
