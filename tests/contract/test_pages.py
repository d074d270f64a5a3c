"""The pages that a person reads."""

import httpx
import pytest
from slack_sdk import WebClient

from sandbox.slack.mrkdwn import render
from sandbox.testing import RunningSandbox


def test_the_index_leads_everywhere(sandbox_server: RunningSandbox) -> None:
    page = httpx.get(sandbox_server.url).text
    for path in ("/slack", "/crm", "/_sandbox/health"):
        assert f'href="{path}"' in page
        assert httpx.get(sandbox_server.url + path).status_code == 200


def test_slack_shows_blocks_as_people_see_them(sandbox_server: RunningSandbox, slack_client: WebClient) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Demo request: Ada & Co"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Bold* <https://x.example/?a=1&amp;b=2|link>"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "field one"}]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "score 71 :fire:"}]},
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Accept"},
                    "action_id": "a",
                    "style": "primary",
                },
                {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://crm.example/1"},
            ],
        },
    ]
    slack_client.chat_postMessage(channel="U0FARAHALI", text="fallback", blocks=blocks)
    page = httpx.get(f"{sandbox_server.url}/slack?channel=D0FARAHALI").text
    assert "<h3>Demo request: Ada &amp; Co</h3>" in page
    assert "<b>Bold</b>" in page
    assert 'href="https://x.example/?a=1&amp;b=2"' in page
    assert "score 71 🔥" in page
    assert "Accept" in page
    assert 'href="https://crm.example/1"' in page
    assert "fallback" not in page
    assert 'http-equiv="refresh"' in page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*b* _i_ ~s~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>"),
        ("2*3*4", "2*3*4"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ('<https://x.example/"onclick=|y>', '<a href="https://x.example/&#34;onclick=" rel="noreferrer">y</a>'),
        ("<@U0ANACOSTA> <!here>", '<span class="mention">@Ana Costa</span> <span class="mention">@here</span>'),
        ("one\ntwo", "one<br>two"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
    ],
)
def test_mrkdwn(text: str, html: str) -> None:
    assert str(render(text)) == html


def test_the_crm_escapes_what_forms_brought(sandbox_server: RunningSandbox) -> None:
    evil = {"firstname": "<script>alert(1)</script>", "company": "A & B"}
    act = sandbox_server.act("contact", email="evil@pages.example", properties=evil)
    for path in ("/crm?q=evil@pages", f"/crm/contacts/{act['contactId']}"):
        page = httpx.get(sandbox_server.url + path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "A &amp; B" in page


def test_a_contact_s_timeline(sandbox_server: RunningSandbox) -> None:
    contact = sandbox_server.act("demo_request")["contactId"]
    sandbox_server.act("call", contact_id=contact, owner_id="1003")
    for path in (f"/crm/contacts/{contact}", f"/contacts/4242424/record/0-1/{contact}"):
        page = httpx.get(sandbox_server.url + path).text
        assert "Visited Pricing" in page
        assert "Submitted “Request a demo”" in page
        assert "Chloé Martin · OUTBOUND" in page


@pytest.mark.parametrize("path", ["/crm/contacts/1", "/crm/contacts/x", "/slack?channel=C0"])
def test_what_is_not_there(sandbox_server: RunningSandbox, path: str) -> None:
    response = httpx.get(sandbox_server.url + path)
    assert response.status_code == 404
    assert "There is no" in response.text


def test_no_page_needs_the_internet(sandbox_server: RunningSandbox) -> None:
    for path in ("/", "/slack", "/crm"):
        page = httpx.get(sandbox_server.url + path).text
        assert "<link" not in page
        assert "src=" not in page
