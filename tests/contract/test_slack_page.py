"""The Slack page: what a person can press there, without a script."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient

from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox
from tests.contract.receiver import Received, Receiver, receiving

DM = "D0ANACOSTA"
PAGE = "/slack?channel="


@pytest.fixture(scope="module")
def app() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def running(app: Receiver) -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False, SANDBOX_SLACK_INTERACTIVITY_URL=app.url) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.control("POST", "reset")
    return running


@pytest.fixture
def client(sandbox: RunningSandbox) -> WebClient:
    return WebClient(token=Settings().slack_token, base_url=f"{sandbox.url}/api/", retry_handlers=[])


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


MENU = [{"text": plain("Budget"), "value": "budget"}, {"text": plain("Role"), "value": "role"}]
BLOCKS = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "text": plain("Accept <it>"), "action_id": "accept", "value": "7"},
            {"type": "static_select", "action_id": "reason", "options": MENU},
        ],
    }
]
VIEW = {
    "type": "modal",
    "title": plain("Why not?"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "static_select", "action_id": "choice", "options": MENU},
        },
    ],
}


def fields(form: str) -> dict[str, str]:
    """Names and values of a form as a browser would send it untouched."""
    given = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        given[name] = re.findall(r'<option value="([^"]*)"', inside)[0]
    return {name: html.unescape(value) for name, value in given.items()}


def forms(page: str, action: str) -> list[str]:
    return [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'action="{action}"' in form]


def test_a_button_is_pressed_by_a_form(sandbox: RunningSandbox, app: Receiver, client: WebClient) -> None:
    client.chat_postMessage(channel=DM, text="A lead", blocks=BLOCKS)
    page = httpx.get(sandbox.url + PAGE + DM).text
    assert "<script" not in page
    button, menu = forms(page, "/_sandbox/slack/click")
    assert "Accept &lt;it&gt;" in button
    pressed = httpx.post(f"{sandbox.url}/_sandbox/slack/click", data=fields(button))
    assert (pressed.status_code, pressed.headers["location"]) == (303, PAGE + DM)
    payload = app.take().payload
    assert (payload["user"]["id"], payload["actions"][0]["value"]) == ("U0ANACOSTA", "7")
    httpx.post(f"{sandbox.url}/_sandbox/slack/click", data=fields(menu) | {"value": "role"})
    assert app.take().payload["actions"][0]["selected_option"]["value"] == "role"


def test_in_a_channel_one_says_who_presses(sandbox: RunningSandbox, app: Receiver, client: WebClient) -> None:
    client.chat_postMessage(channel="C0HANDOFFS", text="A lead", blocks=BLOCKS)
    form = forms(httpx.get(f"{sandbox.url}{PAGE}C0HANDOFFS").text, "/_sandbox/slack/click")[0]
    assert ">Ben Okafor</option>" in form
    assert "Gil Retired" not in form
    httpx.post(f"{sandbox.url}/_sandbox/slack/click", data=fields(form) | {"user": "U0BENOKAFO"})
    assert app.take().payload["user"]["id"] == "U0BENOKAFO"


def test_without_an_address_nothing_can_be_pressed(sandbox: RunningSandbox, client: WebClient) -> None:
    client.chat_postMessage(channel=DM, text="A lead", blocks=BLOCKS)
    sandbox.control("POST", "slack/interactivity", {"url": ""})
    page = httpx.get(sandbox.url + PAGE + DM).text
    assert "Accept &lt;it&gt;" in page
    assert "<form" not in page


def test_a_modal_is_a_form(sandbox: RunningSandbox, app: Receiver, client: WebClient) -> None:
    trigger_id = sandbox.control("POST", "slack/trigger", {"user": "U0ANACOSTA"})["trigger_id"]
    client.views_open(trigger_id=trigger_id, view=VIEW)
    page = httpx.get(sandbox.url + PAGE + DM).text
    assert "Why not?" in page
    # A page that loads itself again would empty the form.
    assert 'http-equiv="refresh"' not in page
    assert "Why not?" not in httpx.get(f"{sandbox.url}{PAGE}D0BENOKAFO").text

    def too_short(received: Received) -> tuple[int, str]:
        return 200, '{"response_action": "errors", "errors": {"note": "Say more"}}'

    app.answer = too_short
    given = fields(forms(page, "/_sandbox/slack/submit")[0])
    httpx.post(f"{sandbox.url}/_sandbox/slack/submit", data=given | {"note/text": "no", "reason/choice": "role"})
    values = app.take().payload["view"]["state"]["values"]
    assert values["note"]["text"]["value"] == "no"
    assert values["reason"]["choice"]["selected_option"]["value"] == "role"
    assert "Say more" in httpx.get(sandbox.url + PAGE + DM).text
    httpx.post(f"{sandbox.url}/_sandbox/slack/close", data=given)
    assert "Why not?" not in httpx.get(sandbox.url + PAGE + DM).text
