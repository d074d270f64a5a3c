"""Incoming webhooks, with Slack's own client; and the watchdog's second path over them."""

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from handoff.local.airflow_env import SANDBOX_WEBHOOK
from handoff.vitals import second_path
from sandbox.testing import running_sandbox


def test_an_incoming_webhook_and_the_way_to_people(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox() as sandbox:
        url = f"{sandbox.url}{SANDBOX_WEBHOOK}"

        def texts() -> list[str]:
            found = sandbox.control("GET", "slack/messages")["messages"]
            return [each["text"] for each in found if each["channelName"] == "revenue-review"]

        client = WebhookClient(url, retry_handlers=[])
        answer = client.send(text="one")
        assert (answer.status_code, answer.body) == (200, "ok")
        assert httpx.post(url, data={"payload": '{"text": "two"}'}).text == "ok"
        for body, status, word in (
            ("{", 400, "invalid_payload"),
            ("[]", 400, "invalid_payload"),
            ("{}", 400, "no_text"),
        ):
            refused = httpx.post(url, content=body, headers={"content-type": "application/json"})
            assert (refused.status_code, refused.text) == (status, word)
        assert httpx.post(f"{url}x", json={"text": "x"}).status_code == 404
        assert texts() == ["one", "two"]

        monkeypatch.setenv(second_path.WEBHOOK, url)
        assert second_path.tell("three")
        monkeypatch.setenv(second_path.WEBHOOK, f"{url}x")
        assert not second_path.tell("four")
        monkeypatch.setenv(second_path.WEBHOOK, "http://127.0.0.1:9/services/x")
        assert not second_path.tell("five")
        assert texts() == ["one", "two", "three"]
