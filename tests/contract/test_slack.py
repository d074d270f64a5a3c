"""Slack's Web API, driven by Slack's own client."""

from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox

TEXT = {"type": "mrkdwn", "text": "x"}
PLAIN = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "text": PLAIN, "action_id": "a"}
OPTION = {"text": PLAIN, "value": "v"}
MENU = {"type": "static_select", "action_id": "m", "options": [OPTION]}
CONFIRM = {"title": PLAIN, "text": TEXT, "confirm": PLAIN, "deny": {"type": "plain_text", "text": "x" * 31}}


def error_of(client: WebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        client.api_call(method, json=args)
    assert error.value.response.status_code == 200
    return str(error.value.response["error"])


def test_who_am_i(slack_client: WebClient) -> None:
    answer = slack_client.auth_test()
    assert (answer["team"], answer["user_id"]) == ("Brightwell", "U0HANDOFFB")


def test_a_wrong_token(sandbox_server: RunningSandbox) -> None:
    stranger = WebClient(token="xoxb-other", base_url=f"{sandbox_server.url}/api/", retry_handlers=[])
    assert error_of(stranger, "auth.test") == "invalid_auth"


def test_post_update_read_back(slack_client: WebClient) -> None:
    metadata = {"event_type": "handoff", "event_payload": {"dedupe_key": "slack_dm:1"}}
    blocks = [{"type": "section", "text": TEXT}]
    posted = slack_client.chat_postMessage(channel="#mql-handoffs", text="new", blocks=blocks, metadata=metadata)
    assert posted["channel"] == "C0HANDOFFS"
    link = slack_client.chat_getPermalink(channel="C0HANDOFFS", message_ts=posted["ts"])["permalink"]
    assert link.endswith(posted["ts"].replace(".", ""))

    def read() -> dict[str, Any]:
        page = slack_client.conversations_history(
            channel="C0HANDOFFS", oldest=posted["ts"], inclusive=True, include_all_metadata=True
        )
        message: dict[str, Any] = page["messages"][-1]
        return message

    (block,) = read()["blocks"]
    assert block.pop("block_id")
    assert (read()["metadata"], [block]) == (metadata, blocks)
    assert "metadata" not in slack_client.conversations_history(channel="C0HANDOFFS", limit=1)["messages"][0]
    slack_client.chat_update(channel="C0HANDOFFS", ts=posted["ts"], text="changed")
    assert read()["text"] == "changed"
    assert "blocks" not in read()
    assert read()["metadata"] == metadata
    slack_client.reactions_add(channel="C0HANDOFFS", timestamp=posted["ts"], name="eyes")
    assert read()["reactions"][0]["name"] == "eyes"


def test_a_direct_message(slack_client: WebClient) -> None:
    user = slack_client.users_lookupByEmail(email="emi.tanaka@brightwell.example")["user"]
    assert (user["id"], user["tz"]) == ("U0EMITANAK", "Asia/Tokyo")
    opened = slack_client.conversations_open(users=user["id"])["channel"]["id"]
    posted = slack_client.chat_postMessage(channel=user["id"], text="hello")
    assert posted["channel"] == opened
    assert opened.startswith("D")
    assert slack_client.users_info(user="U0EMITANAK")["user"]["real_name"] == "Emi Tanaka"


def test_form_bodies(sandbox_server: RunningSandbox) -> None:
    headers = {"Authorization": f"Bearer {Settings().slack_token}"}
    data = {"channel": "C0REVIEW00", "text": "as a form", "metadata": '{"event_type":"t","event_payload":{"k":"v"}}'}
    answer = httpx.post(f"{sandbox_server.url}/api/chat.postMessage", data=data, headers=headers).json()
    assert answer["message"]["metadata"]["event_payload"] == {"k": "v"}
    data["metadata"] = "{"
    refused = httpx.post(f"{sandbox_server.url}/api/chat.postMessage", data=data, headers=headers).json()
    assert refused == {"ok": False, "error": "invalid_metadata_format"}


def test_history_pages_and_threads(slack_client: WebClient) -> None:
    parent = slack_client.chat_postMessage(channel="C0REVIEW00", text="parent")["ts"]
    replies = [slack_client.chat_postMessage(channel="C0REVIEW00", text=str(i), thread_ts=parent)["ts"] for i in "ab"]
    others = [slack_client.chat_postMessage(channel="C0REVIEW00", text=str(i))["ts"] for i in range(5)]
    assert others == sorted(set(others))
    thread = slack_client.conversations_replies(channel="C0REVIEW00", ts=parent)["messages"]
    assert [m["ts"] for m in thread] == [parent, *replies]
    seen: list[str] = []
    for page in slack_client.conversations_history(channel="C0REVIEW00", oldest=parent, limit=2):
        seen += [m["ts"] for m in page["messages"]]
    assert seen == others[::-1]


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0GENERAL0"}, "no_text"),
        ("chat.postMessage", {"channel": "C0GENERAL0", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0GENERAL0", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_schema"),
        ("chat.update", {"channel": "#general", "ts": "1", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": "C0GENERAL0", "ts": "1.000000", "text": "x"}, "message_not_found"),
        ("users.lookupByEmail", {"email": "nobody@brightwell.example"}, "users_not_found"),
        ("users.lookupByEmail", {"email": "gil.retired@brightwell.example"}, "users_not_found"),
        ("conversations.open", {"users": "U0NOBODY00"}, "user_not_found"),
        ("conversations.open", {"users": "U0GILRETIR"}, "user_disabled"),
        ("conversations.history", {"channel": "mql-handoffs"}, "channel_not_found"),
        ("conversations.history", {"channel": "C0GENERAL0", "limit": 1000}, "invalid_limit"),
        ("views.open", {"view": {"type": "modal"}}, "invalid_trigger_id"),
        ("no.such", {}, "unknown_method"),
    ],
)
def test_errors_come_with_http_200(slack_client: WebClient, method: str, args: dict[str, Any], error: str) -> None:
    assert error_of(slack_client, method, **args) == error


def test_another_s_message_cannot_be_changed(slack_client: WebClient) -> None:
    theirs = slack_client.conversations_history(channel="C0GENERAL0")["messages"][-1]
    assert (
        error_of(slack_client, "chat.update", channel="C0GENERAL0", ts=theirs["ts"], text="x") == "cant_update_message"
    )


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ([{"type": "divider"}] * 51, "/blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "/blocks/0/text/text"),
        ([{"type": "header", "text": TEXT}], "/blocks/0/text/type"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "/blocks/0/text/text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "/blocks/0/text/text"),
        ([{"type": "section", "fields": [TEXT] * 11}], "/blocks/0/fields"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}], "/blocks/0/fields/0/text"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "context", "elements": [TEXT] * 11}], "/blocks/0/elements"),
        ([{"type": "actions", "elements": [BUTTON] * 26}], "/blocks/0/elements"),
        ([{"type": "actions", "elements": [BUTTON | {"value": "x" * 2001}]}], "/blocks/0/elements/0/value"),
        ([{"type": "actions", "elements": [BUTTON | {"style": "pink"}]}], "/blocks/0/elements/0/style"),
        (
            [{"type": "actions", "elements": [BUTTON | {"text": {"type": "plain_text", "text": "x" * 76}}]}],
            "/blocks/0/elements/0/text/text",
        ),
        ([{"type": "actions", "elements": [BUTTON | {"action_id": "x" * 256}]}], "/blocks/0/elements/0/action_id"),
        ([{"type": "actions", "elements": [BUTTON | {"url": "x" * 3001}]}], "/blocks/0/elements/0/url"),
        ([{"type": "actions", "elements": [BUTTON | {"confirm": CONFIRM}]}], "/blocks/0/elements/0/confirm/deny/text"),
        ([{"type": "actions", "elements": [MENU | {"options": [OPTION] * 101}]}], "/blocks/0/elements/0/options"),
        ([{"type": "actions", "elements": [MENU | {"type": "overflow"}]}], "/blocks/0/elements/0/options"),
        ([{"type": "input", "label": PLAIN, "element": {"type": "slider"}}], "/blocks/0/element"),
        ([{"type": "divider", "block_id": "a"}] * 2, "/blocks/1/block_id"),
        ([{"type": "banner"}], "/blocks/0/type"),
    ],
)
def test_block_kit_s_limits(slack_client: WebClient, blocks: list[dict[str, Any]], pointer: str) -> None:
    with pytest.raises(SlackApiError) as error:
        slack_client.chat_postMessage(channel="C0GENERAL0", text="x", blocks=blocks)
    assert error.value.response["error"] == "invalid_blocks"
    assert f"[json-pointer:{pointer}]" in error.value.response["response_metadata"]["messages"][0]


def test_blocks_at_the_limit_are_taken(slack_client: WebClient) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}, "fields": [TEXT] * 10},
        {"type": "context", "elements": [TEXT] * 10},
        {"type": "actions", "elements": [BUTTON | {"value": "x" * 2000}] * 25},
        *[{"type": "divider"}] * 46,
    ]
    assert slack_client.chat_postMessage(channel="C0GENERAL0", text="x", blocks=blocks)["ok"]


def test_one_message_a_second_and_channel_after_a_burst() -> None:
    with running_sandbox() as sandbox:
        client = WebClient(token=Settings().slack_token, base_url=f"{sandbox.url}/api/", retry_handlers=[])

        def post_many() -> None:
            for number in range(60):
                client.chat_postMessage(channel="C0HANDOFFS", text=str(number))

        with pytest.raises(SlackApiError) as error:
            post_many()
        assert error.value.response.status_code == 429
        assert error.value.response["error"] == "ratelimited"
        assert int(error.value.response.headers["Retry-After"]) >= 1
        assert client.chat_postMessage(channel="C0REVIEW00", text="another channel")["ok"]
