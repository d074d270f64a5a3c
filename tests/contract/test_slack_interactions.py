"""What people do in Slack reaches the app as Slack sends it, and the app's answers have Slack's effects."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.webhook import WebhookClient

from sandbox.settings import Settings
from sandbox.slack.errors import SlackError
from sandbox.slack.interactions import TIMED_OUT, sign
from sandbox.slack.triggers import ANSWER_SECONDS, ResponseUrls
from sandbox.testing import RunningSandbox, running_sandbox
from tests.contract.receiver import Received, Receiver, receiving

SECRET = Settings().slack_secret
DM = "D0ANACOSTA"
BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Accept"}, "action_id": "accept", "value": "lead:7"}
REASONS = {
    "type": "static_select",
    "action_id": "reason",
    "placeholder": {"type": "plain_text", "text": "Why not?"},
    "options": [{"text": {"type": "plain_text", "text": word}, "value": word.lower()} for word in ("Budget", "Role")],
}
BLOCKS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "A lead"}},
    {"type": "actions", "elements": [BUTTON, REASONS]},
]


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def sandbox(running: RunningSandbox, app: Receiver) -> RunningSandbox:
    running.control("POST", "reset")
    running.control("POST", "slack/interactivity", {"url": app.url})
    return running


@pytest.fixture
def client(sandbox: RunningSandbox) -> WebClient:
    return WebClient(token=Settings().slack_token, base_url=f"{sandbox.url}/api/", retry_handlers=[])


@pytest.fixture
def ts(client: WebClient) -> str:
    return str(client.chat_postMessage(channel=DM, text="A lead", blocks=BLOCKS)["ts"])


def click(sandbox: RunningSandbox, ts: str, **more: Any) -> list[dict[str, Any]]:
    body = {"channel": DM, "ts": ts, "action_id": "accept", "user": "U0ANACOSTA", **more}
    interactions: list[dict[str, Any]] = sandbox.control("POST", "slack/click", body)["interactions"]
    return interactions


def is_valid(received: Received, secret: str = SECRET) -> bool:
    return SignatureVerifier(secret).is_valid_request(received.body, received.headers)


def test_the_vendor_s_vector() -> None:
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body.encode())
    assert signature == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_a_press_arrives_signed_and_whole(sandbox: RunningSandbox, app: Receiver, client: WebClient, ts: str) -> None:
    (interaction,) = click(sandbox, ts)
    received = app.take()
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert is_valid(received)
    payload = received.payload
    assert payload["type"] == "block_actions"
    assert payload["user"] == {
        "id": "U0ANACOSTA",
        "username": "ana.costa",
        "name": "ana.costa",
        "team_id": "T0BRIGHTWL",
    }
    assert payload["team"] == {"id": "T0BRIGHTWL", "domain": "brightwell"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": DM,
        "is_ephemeral": False,
    }
    assert payload["channel"] == {"id": DM, "name": "directmessage"}
    assert payload["message"] == client.conversations_history(channel=DM)["messages"][0]
    (action,) = payload["actions"]
    assert action["action_ts"] > ts
    assert {name: value for name, value in action.items() if name != "action_ts"} == {
        **BUTTON,
        "block_id": payload["message"]["blocks"][1]["block_id"],
    }
    assert (interaction["status"], interaction["shown"], interaction["payload"]) == (200, "", payload)
    assert sandbox.control("GET", "slack/interactions")["interactions"] == [interaction]


def test_a_choice_from_a_menu(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    click(sandbox, ts, action_id="reason", value="role")
    (action,) = app.take().payload["actions"]
    assert (action["type"], action["selected_option"]["value"]) == ("static_select", "role")
    assert "value" not in action


def test_pressed_twice(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    click(sandbox, ts, times=2)
    first, second = app.take().payload, app.take().payload
    assert first["container"] == second["container"]
    assert first["actions"][0]["action_ts"] < second["actions"][0]["action_ts"]
    assert first["trigger_id"] != second["trigger_id"]
    assert first["response_url"] != second["response_url"]


def test_two_people_at_the_same_moment(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    both = threading.Barrier(2, timeout=2)

    def wait_for_the_other(received: Received) -> tuple[int, str]:
        both.wait()
        return 200, ""

    app.answer = wait_for_the_other
    sent = click(sandbox, ts, user=["U0ANACOSTA", "U0BENOKAFO"], together=True)
    assert [(each["user"], each["status"]) for each in sent] == [("U0ANACOSTA", 200), ("U0BENOKAFO", 200)]


def test_a_wrong_secret(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    click(sandbox, ts, secret="guessed")
    received = app.take()
    assert not is_valid(received)
    assert is_valid(received, "guessed")


def test_an_old_time_stamp(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    click(sandbox, ts, seconds_ago=301)
    received = app.take()
    assert not is_valid(received)

    class Then(Clock):
        def now(self) -> float:
            return float(received.headers["x-slack-request-timestamp"])

    assert SignatureVerifier(SECRET, Then()).is_valid_request(received.body, received.headers)


def test_a_replay_is_the_same_request(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    (interaction,) = click(sandbox, ts, seconds_ago=10)
    first = app.take()
    sandbox.control("POST", "slack/replay", {"n": interaction["n"]})
    again = app.take()
    signed = ("x-slack-signature", "x-slack-request-timestamp")
    assert again.body == first.body
    assert [again.headers[name] for name in signed] == [first.headers[name] for name in signed]


def test_what_a_person_sees_of_an_error(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    app.answer = lambda _: (500, "secret stack trace")
    (interaction,) = click(sandbox, ts)
    assert (interaction["status"], interaction["shown"]) == (500, "This app responded with Status Code 500.")
    page = httpx.get(f"{sandbox.url}/slack", params={"channel": DM}).text
    assert "This app responded with Status Code 500." in page
    assert "secret stack trace" not in page


def test_slack_waits_three_seconds_and_asks_once(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    over = threading.Event()

    def answer_too_late(received: Received) -> tuple[int, str]:
        over.wait(30)
        return 200, ""

    app.answer = answer_too_late
    (interaction,) = click(sandbox, ts)
    over.set()
    assert (interaction["status"], interaction["shown"]) == (0, TIMED_OUT)
    assert app.got.qsize() == 1


def test_what_cannot_be_pressed(sandbox: RunningSandbox, app: Receiver, ts: str) -> None:
    def status(**more: Any) -> int:
        body = {"channel": DM, "ts": ts, "action_id": "accept", "user": "U0ANACOSTA", **more}
        return httpx.post(f"{sandbox.url}/_sandbox/slack/click", json=body).status_code

    assert status(action_id="reject") == 404
    assert status(action_id="reason", value="weather") == 404
    assert status(ts="1.000000") == 404
    assert status(user="U0GILRETIR") == 404
    assert status(user="") == 400
    sandbox.control("POST", "slack/interactivity", {"url": ""})
    assert status() == 409
    assert app.got.empty()


def test_the_trigger_of_a_press_opens_one_modal(
    sandbox: RunningSandbox, app: Receiver, client: WebClient, ts: str
) -> None:
    click(sandbox, ts)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Why?"}, "blocks": []}
    trigger_id = app.take().payload["trigger_id"]
    assert client.views_open(trigger_id=trigger_id, view=view)["ok"]
    assert client.api_call("api.test")["ok"]
    again = httpx.post(
        f"{sandbox.url}/api/views.open",
        json={"trigger_id": trigger_id, "view": view},
        headers={"Authorization": f"Bearer {Settings().slack_token}"},
    )
    assert again.json() == {"ok": False, "error": "exchanged_trigger_id"}


def test_five_answers_to_one_press(sandbox: RunningSandbox, app: Receiver, client: WebClient, ts: str) -> None:
    click(sandbox, ts)
    hook = WebhookClient(app.take().payload["response_url"], retry_handlers=[])
    assert hook.send(text="for you alone").body == "ok"
    assert hook.send(text="for all", response_type="in_channel").status_code == 200
    assert hook.send(text="taken by Ana", replace_original=True).status_code == 200
    newest = client.conversations_history(channel=DM)["messages"]
    assert [message["text"] for message in newest] == ["for all", "taken by Ana"]
    assert "blocks" not in newest[1]
    (whisper,) = sandbox.control("GET", "slack/ephemeral")["messages"]
    assert (whisper["user"], whisper["message"]["text"]) == ("U0ANACOSTA", "for you alone")
    assert hook.send(delete_original=True).status_code == 200
    assert [m["text"] for m in client.conversations_history(channel=DM)["messages"]] == ["for all"]
    assert hook.send(blocks=[{"type": "banner"}]).status_code == 400
    spent = hook.send(text="once too often")
    assert (spent.status_code, json.loads(spent.body)) == (404, {"ok": False, "error": "used_url"})


def test_an_answer_after_half_an_hour() -> None:
    urls = ResponseUrls()
    key = urls.issue("U0ANACOSTA", DM, "1.000000", now=100.0)
    assert urls.use(key, 100.0 + ANSWER_SECONDS - 1).user == "U0ANACOSTA"
    with pytest.raises(SlackError, match="expired_url"):
        urls.use(key, 100.0 + ANSWER_SECONDS)
    with pytest.raises(SlackError, match="no_such_url"):
        urls.use("guessed", 100.0)
