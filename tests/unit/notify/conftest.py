"""A sandbox of Slack, our hook to it, and a clock that a test moves."""

import json
from collections.abc import Iterator

import pytest

from handoff.clients.slack import SlackHook
from sandbox.testing import RunningSandbox, running_sandbox
from tests.unit.notify.clock import Clock


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def slack(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> SlackHook:
    sandbox.control("POST", "reset", {})
    sandbox.control("DELETE", "faults")
    extra = {"base_url": f"{sandbox.url}/api/", "review_channel": "#revenue-review"}
    value = {"conn_type": "slack", "password": "xoxb-sandbox", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(value))
    return SlackHook()


@pytest.fixture
def clock() -> Clock:
    return Clock()
