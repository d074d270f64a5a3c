"""What each of Slack's answers says about delivery."""

import json
from datetime import UTC, datetime

import pytest

from handoff.clients.slack import LONGEST_WAIT_S, SlackHook
from handoff.clients.slack_errors import NoClearAnswer, NotSent, Refused, SlackError
from handoff.clients.stores import LocalStore
from tests.unit.vendor import Answer, Vendor

SENT = {"ok": True, "channel": "D1", "ts": "1.000001", "message": {}}
SINCE = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def hook(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> SlackHook:
    connect(monkeypatch, f"{vendor.url}/api")
    return SlackHook(store=LocalStore())


def connect(monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    value = {"conn_type": "slack", "password": "xoxb-test", "extra": {"base_url": base_url}}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(value))


def post(hook: SlackHook) -> dict:
    return hook.post("C1", "text", [{"type": "divider"}], "key-1")


def test_a_message_carries_its_key_and_unfurls_nothing(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will(SENT)
    assert post(hook) == {"channel": "D1", "ts": "1.000001"}
    asked = vendor.asked[0]
    assert asked.path == "/api/chat.postMessage"
    assert asked.headers["authorization"] == "Bearer xoxb-test"
    assert asked.body["metadata"] == {"event_type": "handoff", "event_payload": {"dedupe_key": "key-1"}}
    assert (asked.body["unfurl_links"], asked.body["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    "fault",
    [
        Answer(drop=True),
        Answer(500),
        Answer(502, b"<html>"),
        Answer(503),
        Answer(200, b'{"ok": tr'),
        Answer(200, b"<html>fine</html>"),
        Answer(200, {"ok": True, "channel": "C1"}),
        *[Answer(200, {"ok": False, "error": code}) for code in ("fatal_error", "internal_error", "never_heard_of")],
    ],
    ids=str,
)
def test_no_clear_answer_is_asked_for_once(hook: SlackHook, vendor: Vendor, fault: Answer) -> None:
    vendor.will(fault)
    with pytest.raises(NoClearAnswer):
        post(hook)
    assert len(vendor.asked) == 1


REFUSALS = """channel_not_found is_archived not_in_channel restricted_action restricted_action_read_only_channel
user_not_found cannot_dm_bot invalid_blocks msg_too_long metadata_too_large cannot_reply_to_message"""


@pytest.mark.parametrize("code", REFUSALS.split())
def test_refused(hook: SlackHook, vendor: Vendor, code: str) -> None:
    vendor.will({"ok": False, "error": code, "response_metadata": {"messages": ["[ERROR] why"]}})
    with pytest.raises(Refused, match=rf"chat.postMessage: {code} \(\[ERROR\] why\)") as refused:
        post(hook)
    assert refused.value.code == code


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"])
def test_a_refusal_of_the_app_is_nobodys_message(hook: SlackHook, vendor: Vendor, code: str) -> None:
    vendor.will({"ok": False, "error": code})
    with pytest.raises(NotSent, match="token and scopes") as refused:
        post(hook)
    assert refused.value.is_vendor_wide


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30), ("0", 1), ("-1", 1), ("86400", 600), ("Wed, 21 Oct", 1), ("١٢", 1), ("9" * 400, 1), (None, 1)],
)
def test_a_limit_says_when(hook: SlackHook, vendor: Vendor, header: str | None, seconds: float) -> None:
    headers = {"Retry-After": header} if header and header.isascii() else {}
    vendor.will(Answer(429, {"ok": False, "error": "ratelimited"}, headers))
    with pytest.raises(NotSent) as limited:
        post(hook)
    assert (limited.value.retry_after_s, limited.value.is_vendor_wide) == (seconds, False)


def test_a_limit_may_come_with_200(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will({"ok": False, "error": "rate_limited"})
    with pytest.raises(NotSent):
        post(hook)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api/", "http://no-such-host.invalid/api/"])
def test_what_never_left_was_not_sent(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    connect(monkeypatch, address)
    with pytest.raises(NotSent) as unsent:
        post(SlackHook(store=LocalStore()))
    assert unsent.value.is_vendor_wide


def test_messages_to_one_channel_keep_slacks_pace(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, f"{vendor.url}/api/")
    vendor.will(SENT)
    hook = SlackHook(store=LocalStore())
    for channel in ("C1", "C2", "C3"):
        hook.post(channel, "text", None, "key")
    assert hook.waited_s == 0
    hook.post("C2", "text", None, "key")
    assert 0 < hook.waited_s <= LONGEST_WAIT_S


def test_finds_its_message_on_the_second_page(hook: SlackHook, vendor: Vendor) -> None:
    other = {"ts": "3.0", "metadata": {"event_type": "handoff", "event_payload": {"dedupe_key": "key-2"}}}
    mine = {"ts": "2.0", "metadata": {"event_type": "handoff", "event_payload": {"dedupe_key": "key-1"}}}
    vendor.will(
        {"ok": True, "messages": [other, {"ts": "2.5"}], "response_metadata": {"next_cursor": "abc"}},
        {"ok": True, "messages": [mine], "response_metadata": {"next_cursor": ""}},
    )
    assert hook.find("C1", "key-1", SINCE) == {"channel": "C1", "ts": "2.0"}
    assert vendor.asked[0].body["include_all_metadata"] == ["1"]
    assert vendor.asked[0].body["oldest"] == ["1795341600.000000"]
    assert vendor.asked[1].body["cursor"] == ["abc"]


def test_what_stands_below_a_message_is_found_there(hook: SlackHook, vendor: Vendor) -> None:
    reply = {"ts": "4.0", "metadata": {"event_type": "handoff", "event_payload": {"dedupe_key": "key-1"}}}
    vendor.will({"ok": True, "messages": [{"ts": "1.0"}, reply]}, SENT)
    assert hook.find("C1", "key-1", SINCE, "1.0") == {"channel": "C1", "ts": "4.0"}
    assert vendor.asked[0].path == "/api/conversations.replies"
    assert (vendor.asked[0].body["channel"], vendor.asked[0].body["ts"]) == (["C1"], ["1.0"])
    hook.post("C1", "text", None, "key-1", "1.0")
    assert vendor.asked[1].body["thread_ts"] == "1.0"
    assert "blocks" not in vendor.asked[1].body


def test_an_update_keeps_what_the_message_is_found_by(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will({"ok": True, "channel": "D1", "ts": "1.0"})
    hook.update("D1", "1.0", "text", [{"type": "divider"}])
    assert vendor.asked[0].path == "/api/chat.update"
    assert vendor.asked[0].body == {"channel": "D1", "ts": "1.0", "text": "text", "blocks": [{"type": "divider"}]}


def test_a_word_to_one_person_and_a_form(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will({"ok": True, "message_ts": "5.0"}, {"ok": True, "view": {"id": "V1"}})
    assert hook.whisper("C1", "U1", "text", [{"type": "divider"}]) == "5.0"
    hook.open_view("1.2.3", {"type": "modal"})
    assert [each.path for each in vendor.asked] == ["/api/chat.postEphemeral", "/api/views.open"]
    assert vendor.asked[0].body == {"channel": "C1", "user": "U1", "text": "text", "blocks": [{"type": "divider"}]}
    assert vendor.asked[1].body == {"trigger_id": "1.2.3", "view": {"type": "modal"}}


GONE = (
    "message_not_found cant_update_message edit_window_closed thread_not_found expired_trigger_id user_not_in_channel"
)


@pytest.mark.parametrize("code", GONE.split())
def test_what_is_gone_is_a_refusal_and_no_doubt(hook: SlackHook, vendor: Vendor, code: str) -> None:
    vendor.will({"ok": False, "error": code})
    with pytest.raises(Refused) as refused:
        hook.update("D1", "1.0", "text", [])
    assert refused.value.code == code


def test_finds_nothing_only_after_the_last_page(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will({"ok": True, "messages": [], "response_metadata": {"next_cursor": "abc"}}, {"ok": True, "messages": []})
    assert hook.find("C1", "key-1", SINCE) is None
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(
    "fault",
    [Answer(429), Answer(500), Answer(200, {"ok": False, "error": "missing_scope"}), Answer(drop=True)],
    ids=str,
)
def test_a_look_that_fails_is_not_a_message_that_is_missing(hook: SlackHook, vendor: Vendor, fault: Answer) -> None:
    vendor.will({"ok": True, "messages": [], "response_metadata": {"next_cursor": "abc"}}, fault)
    with pytest.raises(SlackError):
        hook.find("C1", "key-1", SINCE)


def test_a_channels_name_is_looked_up_once(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will(
        {"ok": True, "channels": [{"id": "C9", "name": "general"}], "response_metadata": {"next_cursor": "x"}},
        {"ok": True, "channels": [{"id": "C1", "name": "mql-handoffs"}]},
    )
    assert [hook.channel_id("#mql-handoffs"), hook.channel_id("#mql-handoffs")] == ["C1", "C1"]
    assert len(vendor.asked) == 2
    with pytest.raises(Refused, match="invite the app"):
        hook.channel_id("#gone")


def test_a_direct_channel_is_opened_once(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will({"ok": True, "channel": {"id": "D7"}})
    assert [hook.open_dm("U1"), hook.open_dm("U1")] == ["D7", "D7"]
    assert len(vendor.asked) == 1


def test_a_member_by_address(hook: SlackHook, vendor: Vendor) -> None:
    vendor.will({"ok": True, "user": {"id": "U1"}})
    assert hook.user_by_email("a@b.example") == {"id": "U1"}
    assert vendor.asked[0].body == {"email": ["a@b.example"]}
