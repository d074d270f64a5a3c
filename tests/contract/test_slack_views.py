"""Modals: opened with a trigger, changed under a hash, submitted by people."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.settings import Settings
from sandbox.slack.errors import SlackError
from sandbox.slack.modals import TROUBLE
from sandbox.slack.triggers import TRIGGER_SECONDS, Triggers
from sandbox.testing import RunningSandbox, running_sandbox
from tests.contract.receiver import Receiver, receiving


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def options(*words: str) -> list[dict[str, Any]]:
    return [{"text": plain(word), "value": word.lower()} for word in words]


NOTE = {
    "type": "input",
    "block_id": "note",
    "optional": True,
    "label": plain("Note"),
    "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
}
REASON = {
    "type": "input",
    "block_id": "reason",
    "label": plain("Reason"),
    "element": {"type": "static_select", "action_id": "choice", "options": options("Budget", "Role")},
}
VIEW = {
    "type": "modal",
    "callback_id": "reject",
    "private_metadata": "handoff:7",
    "title": plain("Why not?"),
    "submit": plain("Send"),
    "blocks": [REASON, NOTE],
}
ANSWER = {"reason": {"choice": "role"}}


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


def trigger(sandbox: RunningSandbox, **more: Any) -> str:
    given: str = sandbox.control("POST", "slack/trigger", {"user": "U0ANACOSTA", **more})["trigger_id"]
    return given


def opened(sandbox: RunningSandbox, client: WebClient, **more: Any) -> dict[str, Any]:
    view: dict[str, Any] = client.views_open(trigger_id=trigger(sandbox), view={**VIEW, **more})["view"]
    return view


def titles(sandbox: RunningSandbox) -> list[str]:
    return [view["title"]["text"] for view in sandbox.control("GET", "slack/views")["views"]]


def refusal(client: WebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        client.api_call(method, json=args)
    return str(error.value.response["error"])


def submit(sandbox: RunningSandbox, view: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    body = {"view_id": view["id"], "values": values}
    (sent,) = sandbox.control("POST", "slack/submit", body)["interactions"]
    return dict(sent)


def test_a_trigger_holds_three_seconds_and_once() -> None:
    triggers = Triggers()
    first, second = triggers.issue("U1", now=10.0), triggers.issue("U2", now=10.0)
    assert triggers.exchange(first, 10.0 + TRIGGER_SECONDS - 0.1) == "U1"
    with pytest.raises(SlackError, match="exchanged_trigger_id"):
        triggers.exchange(first, 10.1)
    with pytest.raises(SlackError, match="expired_trigger_id"):
        triggers.exchange(second, 10.0 + TRIGGER_SECONDS)
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        triggers.exchange("1.2.guessed", 10.1)


def test_open_keeps_the_view(sandbox: RunningSandbox, client: WebClient) -> None:
    view = opened(sandbox, client)
    assert (view["callback_id"], view["private_metadata"], view["root_view_id"]) == ("reject", "handoff:7", view["id"])
    (kept,) = sandbox.control("GET", "slack/views")["views"]
    assert kept == {"user": "U0ANACOSTA", "errors": {}, **view}
    assert refusal(client, "views.open", trigger_id=trigger(sandbox, seconds=0), view=VIEW) == "expired_trigger_id"
    assert refusal(client, "views.open", trigger_id="1.2.3", view=VIEW) == "invalid_trigger_id"


def test_a_view_that_is_refused_leaves_the_trigger(sandbox: RunningSandbox, client: WebClient) -> None:
    given = trigger(sandbox)
    assert refusal(client, "views.open", trigger_id=given, view={**VIEW, "blocks": "none"}) == "invalid_arguments"
    assert client.views_open(trigger_id=given, view=VIEW)["ok"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": "home"}, "invalid_arguments"),
        ({"title": plain("x" * 25)}, "invalid_arguments"),
        ({"title": None}, "invalid_arguments"),
        ({"submit": None}, "invalid_arguments"),
        ({"private_metadata": "x" * 3001}, "invalid_arguments"),
        ({"external_id": "x" * 256}, "invalid_arguments"),
        ({"id": "V0SANDBOX001", "hash": "1.2"}, "invalid_arguments"),
        ({"blocks": [{"type": "divider"}] * 101}, "invalid_arguments"),
        ({"blocks": [{**NOTE, "label": None}]}, "invalid_arguments"),
        ({"blocks": [{**REASON, "element": {"type": "static_select", "options": []}}]}, "invalid_arguments"),
        ({"blocks": [{"type": "section", "text": plain("x" * 2900)}] * 99}, "view_too_large"),
    ],
)
def test_what_no_modal_may_be(sandbox: RunningSandbox, client: WebClient, change: dict[str, Any], error: str) -> None:
    assert refusal(client, "views.open", trigger_id=trigger(sandbox), view={**VIEW, **change}) == error
    assert titles(sandbox) == []


def test_update_by_either_id_under_a_hash(sandbox: RunningSandbox, client: WebClient) -> None:
    view = opened(sandbox, client, external_id="handoff:7")
    second = client.views_update(view_id=view["id"], hash=view["hash"], view={**VIEW, "title": plain("Two")})["view"]
    assert (second["id"], second["external_id"], second["hash"] == view["hash"]) == (view["id"], "", False)
    assert titles(sandbox) == ["Two"]
    stale = {**VIEW, "title": plain("Stale")}
    assert refusal(client, "views.update", view_id=view["id"], hash=view["hash"], view=stale) == "hash_conflict"
    assert refusal(client, "views.update", external_id="handoff:7", view=stale) == "not_found"
    assert titles(sandbox) == ["Two"]
    other = opened(sandbox, client, external_id="handoff:8")
    client.views_update(external_id="handoff:8", view={**VIEW, "title": plain("Eight"), "external_id": "handoff:8"})
    assert titles(sandbox) == ["Two", "Eight"]
    taken = {**VIEW, "external_id": "handoff:8"}
    assert refusal(client, "views.update", view_id=view["id"], view=taken) == "duplicate_external_id"
    assert refusal(client, "views.open", trigger_id=trigger(sandbox), view=taken) == "duplicate_external_id"
    assert refusal(client, "views.update", view_id="V0NOBODYS0", view=VIEW) == "not_found"
    assert other["id"] != view["id"]


def test_a_submission_carries_what_was_filled_in(sandbox: RunningSandbox, app: Receiver, client: WebClient) -> None:
    view = opened(sandbox, client)
    submit(sandbox, view, {"reason": {"choice": "role"}, "text": "a student"})
    payload = app.take().payload
    assert (payload["type"], payload["user"]["id"], payload["response_urls"]) == ("view_submission", "U0ANACOSTA", [])
    assert payload["view"]["state"]["values"] == {
        "reason": {"choice": {"type": "static_select", "selected_option": options("Role")[0]}},
        "note": {"text": {"type": "plain_text_input", "value": "a student"}},
    }
    assert {**payload["view"], "state": view["state"]} == view
    assert titles(sandbox) == []


def test_slack_itself_refuses_what_is_not_filled_in(sandbox: RunningSandbox, app: Receiver, client: WebClient) -> None:
    view = opened(sandbox, client)
    for values in ({}, {"choice": "weather"}):
        body = {"view_id": view["id"], "values": values}
        assert httpx.post(f"{sandbox.url}/_sandbox/slack/submit", json=body).status_code == 400
    assert app.got.empty()
    assert titles(sandbox) == ["Why not?"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("", []),
        ('{"response_action": "clear"}', []),
        ('{"response_action": "errors", "errors": {"note": "too short"}}', ["Why not?"]),
        ('{"response_action": "update", "view": {"type": "modal", "title": TITLE, "blocks": []}}', ["Thanks"]),
        (
            '{"response_action": "push", "view": {"type": "modal", "title": TITLE, "blocks": []}}',
            ["Why not?", "Thanks"],
        ),
    ],
)
def test_what_the_app_says_to_a_submission(
    sandbox: RunningSandbox, app: Receiver, client: WebClient, said: str, left: list[str]
) -> None:
    app.answer = lambda _: (200, said.replace("TITLE", '{"type": "plain_text", "text": "Thanks"}'))
    sent = submit(sandbox, opened(sandbox, client), ANSWER)
    assert (titles(sandbox), sent["shown"]) == (left, "")
    if "errors" in said:
        assert sandbox.control("GET", "slack/views")["views"][0]["errors"] == {"note": "too short"}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, ""),
        (200, "thanks"),
        (200, "[]"),
        (200, '{"response_action": "errors", "errors": {"nowhere": "x"}}'),
        (200, '{"response_action": "update", "view": {"type": "modal"}}'),
        (200, '{"response_action": "dance"}'),
    ],
)
def test_an_answer_that_slack_cannot_use(
    sandbox: RunningSandbox, app: Receiver, client: WebClient, status: int, said: str
) -> None:
    app.answer = lambda _: (status, said)
    sent = submit(sandbox, opened(sandbox, client), ANSWER)
    assert (sent["shown"], titles(sandbox)) == (TROUBLE, ["Why not?"])


def test_no_more_than_three_modals_on_top_of_each_other(
    sandbox: RunningSandbox, app: Receiver, client: WebClient
) -> None:
    on_top = '{"response_action": "push", "view": {"type": "modal", "title": {"type": "plain_text", "text": "Top"},'
    app.answer = lambda _: (200, on_top + '"blocks": []}}')
    view = opened(sandbox, client)
    assert [submit(sandbox, view, ANSWER)["shown"] for _ in range(3)] == ["", "", TROUBLE]
    app.answer = lambda _: (200, '{"response_action": "clear"}')
    submit(sandbox, view, ANSWER)
    assert titles(sandbox) == []


def test_the_app_hears_of_a_closed_modal_if_it_asked(sandbox: RunningSandbox, app: Receiver, client: WebClient) -> None:
    quiet, asked = opened(sandbox, client), opened(sandbox, client, notify_on_close=True)
    for view in (quiet, asked):
        sandbox.control("POST", "slack/close", {"view_id": view["id"]})
    payload = app.take().payload
    assert (payload["type"], payload["view"]["id"], payload["is_cleared"]) == ("view_closed", asked["id"], False)
    assert app.got.empty()
    assert titles(sandbox) == []
