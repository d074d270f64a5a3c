"""Slack on a bad day: who and what is gone, answers that mislead, and limits that were or were not crossed."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import Faults, rule
from sandbox.settings import Settings
from sandbox.slack.rates import Rates
from sandbox.slack.trouble import Trouble
from sandbox.testing import RunningSandbox, running_sandbox

CHANNEL = "C0HANDOFFS"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.control("POST", "reset")
    return running


@pytest.fixture
def client(sandbox: RunningSandbox) -> WebClient:
    return WebClient(token=Settings().slack_token, base_url=f"{sandbox.url}/api/", retry_handlers=[], timeout=10)


def refusal(client: WebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        client.api_call(method, json=args)
    assert error.value.response.status_code == 200
    return str(error.value.response["error"])


def texts(sandbox: RunningSandbox) -> list[str]:
    """What the channel really holds."""
    return [m["text"] for m in sandbox.control("GET", f"slack/messages?channel={CHANNEL}")["messages"]]


def found(client: WebClient, key: str) -> int:
    """How many messages with that key a look-up by metadata finds."""
    page = client.conversations_history(channel=CHANNEL, include_all_metadata=True)
    keys = [m.get("metadata", {}).get("event_payload", {}).get("dedupe_key") for m in page["messages"]]
    return keys.count(key)


def post(client: WebClient, key: str) -> None:
    metadata = {"event_type": "handoff", "event_payload": {"dedupe_key": key}}
    client.chat_postMessage(channel=CHANNEL, text=key, metadata=metadata)


def test_a_person_who_left(sandbox: RunningSandbox, client: WebClient) -> None:
    ana = {"email": "ana.costa@brightwell.example"}
    dm = client.conversations_open(users="U0ANACOSTA")["channel"]["id"]
    sandbox.control("POST", "slack/user", {"user": "U0ANACOSTA"})
    with pytest.raises(SlackApiError, match="users_not_found"):
        client.users_lookupByEmail(**ana)
    assert client.users_info(user="U0ANACOSTA")["user"]["deleted"] is True
    assert refusal(client, "conversations.open", users="U0ANACOSTA") == "user_disabled"
    assert refusal(client, "chat.postMessage", channel=dm, text="x") == "channel_not_found"
    assert refusal(client, "chat.postEphemeral", channel=CHANNEL, user="U0ANACOSTA", text="x") == "user_not_in_channel"
    sandbox.control("POST", "slack/user", {"user": "U0ANACOSTA", "deactivated": False})
    assert client.users_lookupByEmail(**ana)["user"]["deleted"] is False
    assert client.chat_postMessage(channel=dm, text="back")["channel"] == dm


def test_a_person_who_comes(sandbox: RunningSandbox, client: WebClient) -> None:
    new = {"user": "U0NEWCOMER", "email": "Noa.New@brightwell.example", "first_name": "Noa", "time_zone": "Asia/Tokyo"}
    sandbox.control("POST", "slack/user", new)
    user = client.users_lookupByEmail(email="noa.new@brightwell.example")["user"]
    assert (user["id"], user["tz"], user["profile"]["display_name"]) == ("U0NEWCOMER", "Asia/Tokyo", "Noa")
    assert client.conversations_open(users="U0NEWCOMER")["channel"]["id"] == "D0NEWCOMER"


def test_an_archived_channel(sandbox: RunningSandbox, client: WebClient) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="before")["ts"]
    sandbox.control("POST", "slack/channel", {"channel": CHANNEL, "archived": True})
    for method, more in (
        ("chat.postMessage", {"text": "x"}),
        ("chat.update", {"ts": ts, "text": "x"}),
        ("chat.postEphemeral", {"user": "U0ANACOSTA", "text": "x"}),
        ("reactions.add", {"timestamp": ts, "name": "eyes"}),
    ):
        assert refusal(client, method, channel=CHANNEL, **more) == "is_archived"
    assert [m["text"] for m in client.conversations_history(channel=CHANNEL)["messages"]] == ["before"]
    listed = {c["id"]: c["is_archived"] for c in client.conversations_list()["channels"]}
    assert listed == {CHANNEL: True, "C0REVIEW00": False, "C0GENERAL0": False}
    assert CHANNEL not in [c["id"] for c in client.conversations_list(exclude_archived=True)["channels"]]
    sandbox.control("POST", "slack/channel", {"channel": CHANNEL, "archived": False})
    assert client.chat_update(channel=CHANNEL, ts=ts, text="after")["ok"]


def test_a_channel_without_the_app(sandbox: RunningSandbox, client: WebClient) -> None:
    sandbox.control("POST", "slack/channel", {"channel": CHANNEL, "member": False})
    assert refusal(client, "chat.postMessage", channel="#mql-handoffs", text="x") == "not_in_channel"
    assert refusal(client, "conversations.history", channel=CHANNEL) == "not_in_channel"
    assert {c["id"]: c["is_member"] for c in client.conversations_list()["channels"]}[CHANNEL] is False
    assert client.chat_postMessage(channel="C0REVIEW00", text="x")["ok"]


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
def test_a_token_that_no_longer_holds(sandbox: RunningSandbox, client: WebClient, error: str) -> None:
    sandbox.control("POST", "slack/token", {"error": error})
    assert refusal(client, "chat.postMessage", channel=CHANNEL, text="x") == error
    assert refusal(client, "auth.test") == error
    sandbox.control("POST", "slack/token", {})
    assert client.auth_test()["ok"]
    assert texts(sandbox) == []


def test_a_message_that_a_person_deleted(sandbox: RunningSandbox, client: WebClient) -> None:
    post(client, "slack_dm:1")
    assert found(client, "slack_dm:1") == 1
    ts = client.conversations_history(channel=CHANNEL)["messages"][0]["ts"]
    sandbox.control("POST", "slack/delete", {"channel": CHANNEL, "ts": ts})
    assert found(client, "slack_dm:1") == 0
    assert refusal(client, "chat.update", channel=CHANNEL, ts=ts, text="x") == "message_not_found"
    assert httpx.post(f"{sandbox.url}/_sandbox/slack/delete", json={"channel": CHANNEL, "ts": ts}).status_code == 404


def test_the_app_deletes_its_own_messages_only(sandbox: RunningSandbox, client: WebClient) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="mine")["ts"]
    assert client.chat_delete(channel=CHANNEL, ts=ts)["ts"] == ts
    assert texts(sandbox) == []
    theirs = client.conversations_history(channel="C0GENERAL0")["messages"][0]["ts"]
    assert refusal(client, "chat.delete", channel="C0GENERAL0", ts=theirs) == "cant_delete_message"
    assert refusal(client, "chat.delete", channel=CHANNEL, ts=ts) == "message_not_found"


def test_for_one_person_s_eyes(sandbox: RunningSandbox, client: WebClient) -> None:
    told = client.chat_postEphemeral(channel=CHANNEL, user="U0ANACOSTA", text="only you")
    assert client.conversations_history(channel=CHANNEL)["messages"] == []
    assert refusal(client, "chat.update", channel=CHANNEL, ts=told["message_ts"], text="x") == "message_not_found"
    (whisper,) = sandbox.control("GET", "slack/ephemeral")["messages"]
    assert (whisper["channel"], whisper["user"], whisper["message"]["text"]) == (CHANNEL, "U0ANACOSTA", "only you")
    assert "only visible to Ana Costa" in httpx.get(f"{sandbox.url}/slack?channel={CHANNEL}").text


def test_any_error_by_name_with_nothing_done(sandbox: RunningSandbox, client: WebClient) -> None:
    fault = {"kind": "slack_error", "error": "restricted_action", "path": "chat.postMessage", "at": [2]}
    sandbox.control("POST", "faults", fault)
    client.chat_postMessage(channel=CHANNEL, text="one")
    assert refusal(client, "chat.postMessage", channel=CHANNEL, text="two") == "restricted_action"
    client.chat_postMessage(channel=CHANNEL, text="three")
    assert texts(sandbox) == ["one", "three"]


def test_an_error_after_the_work(sandbox: RunningSandbox, client: WebClient) -> None:
    sandbox.control("POST", "faults", {"kind": "slack_error_late", "error": "fatal_error", "path": "chat", "at": [1]})
    with pytest.raises(SlackApiError, match="fatal_error"):
        post(client, "slack_dm:2")
    assert found(client, "slack_dm:2") == 1


def test_ok_without_a_time_stamp(sandbox: RunningSandbox, client: WebClient) -> None:
    sandbox.control("POST", "faults", {"kind": "slack_no_ts", "times": 1})
    answer = client.chat_postMessage(channel=CHANNEL, text="where?")
    assert answer.data == {"ok": True, "channel": CHANNEL}
    assert texts(sandbox) == ["where?"]
    assert client.chat_postMessage(channel=CHANNEL, text="here")["ts"]


def test_accepted_and_answered_too_late(sandbox: RunningSandbox, client: WebClient) -> None:
    hasty = WebClient(token=Settings().slack_token, base_url=client.base_url, retry_handlers=[], timeout=2)
    sandbox.control("POST", "faults", {"kind": "slow_accept", "seconds": 6, "path": "chat.postMessage"})
    with pytest.raises(TimeoutError):
        post(hasty, "slack_dm:3")
    assert found(client, "slack_dm:3") == 1


def test_accepted_and_then_cut_off(sandbox: RunningSandbox, client: WebClient) -> None:
    sandbox.control("POST", "faults", {"kind": "drop_after", "path": "chat.postMessage"})
    with pytest.raises(OSError, match=r"reset|closed|without response"):
        post(client, "slack_dm:4")
    assert found(client, "slack_dm:4") == 1


def test_a_history_that_shows_nothing(sandbox: RunningSandbox, client: WebClient) -> None:
    post(client, "slack_dm:5")
    sandbox.control("POST", "faults", {"kind": "history_empty", "at": [1]})
    page = client.conversations_history(channel=CHANNEL)
    assert (page["messages"], page["has_more"]) == ([], False)
    assert found(client, "slack_dm:5") == 1


def test_a_history_that_lags(sandbox: RunningSandbox, client: WebClient) -> None:
    post(client, "slack_dm:6")
    sandbox.control("POST", "faults", {"kind": "history_lag", "seconds": 3600})
    assert found(client, "slack_dm:6") == 0
    assert texts(sandbox) == ["slack_dm:6"]
    sandbox.control("DELETE", "faults")
    assert found(client, "slack_dm:6") == 1


def test_a_lag_hides_the_young_messages_only() -> None:
    faults = Faults(seed=1, rules=[rule({"kind": "history_lag", "seconds": 3600})])
    trouble = Trouble(faults, "POST", "/api/conversations.history", "conversations.history")
    answer = {"messages": [{"ts": "99999999999.000000"}, {"ts": "1.000000"}], "has_more": True}
    left = asyncio.run(trouble.after(answer))
    assert left == {"messages": [{"ts": "1.000000"}], "has_more": True}


def test_peaks_are_of_any_second_and_any_minute() -> None:
    rates = Rates()
    for at in (0.0, 0.9, 1.8, 1.85, 61.0):
        rates.take("chat.postMessage", "C1", at, limited=True)
    rates.take("chat.postMessage", "C2", 0.0, limited=True)
    one, two = rates.seen()
    assert one == {
        "method": "chat.postMessage",
        "channel": "C1",
        "calls": 5,
        "refused": 0,
        "peakPerSecond": 3,
        "peakPerMinute": 4,
        "tier": 60,
    }
    assert (two["channel"], two["calls"], two["peakPerSecond"]) == ("C2", 1, 1)


def test_refused_calls_are_part_of_the_peak() -> None:
    rates = Rates()
    waits = [rates.take("chat.postMessage", "C1", 0.0, limited=True) for _ in range(7)]
    assert [wait > 0 for wait in waits] == [False] * 5 + [True] * 2
    assert rates.take("conversations.list", "", 0.0, limited=False) == 0
    by_method = {each["method"]: each for each in rates.seen()}
    assert (by_method["chat.postMessage"]["refused"], by_method["chat.postMessage"]["peakPerSecond"]) == (2, 7)
    assert (by_method["conversations.list"]["tier"], by_method["conversations.list"]["refused"]) == (20, 0)


def test_the_server_tells_whether_a_limit_was_crossed() -> None:
    with running_sandbox() as sandbox:
        client = WebClient(token=Settings().slack_token, base_url=f"{sandbox.url}/api/", retry_handlers=[])
        for channel in (CHANNEL, CHANNEL, "C0REVIEW00"):
            client.chat_postMessage(channel=channel, text="x")
        client.conversations_history(channel=CHANNEL)
        seen = sandbox.control("GET", "slack/limits")
        assert seen["enabled"] is True
        assert {(each["method"], each["channel"]): (each["calls"], each["refused"]) for each in seen["methods"]} == {
            ("chat.postMessage", CHANNEL): (2, 0),
            ("chat.postMessage", "C0REVIEW00"): (1, 0),
            ("conversations.history", ""): (1, 0),
        }

        def post_many() -> None:
            for _ in range(60):
                client.chat_postMessage(channel=CHANNEL, text="x")

        with pytest.raises(SlackApiError, match="ratelimited"):
            post_many()
        (crossed,) = [each for each in sandbox.control("GET", "slack/limits")["methods"] if each["channel"] == CHANNEL]
        assert crossed["refused"] == 1
        assert crossed["peakPerMinute"] == crossed["calls"]
        assert sandbox.control("DELETE", "slack/limits") == {"enabled": True, "methods": []}
