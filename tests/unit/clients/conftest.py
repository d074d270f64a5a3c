"""A sandbox for what clients share, and connections that point at it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handoff.ledger.db import Connection, connect
from sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture
def fresh_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """One of the test's own, because limits remember. It enforces those of HubSpot's smallest plan."""
    with running_sandbox() as running:
        running.control("POST", "limits", {"per_ten_seconds": 100})
        values = {
            "HUBSPOT": {"conn_type": "http", "host": running.url, "password": "pat-na1-sandbox"},
            "APOLLO": {"conn_type": "http", "host": running.url, "password": "apollo-sandbox"},
            "SLACK": {"conn_type": "slack", "password": "xoxb-sandbox", "extra": {"base_url": f"{running.url}/api/"}},
        }
        for name, value in values.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
        yield running


@pytest.fixture
def connection(database: Any) -> Iterator[Connection]:
    """To the test's own ledger."""
    with connect() as opened:
        yield opened
