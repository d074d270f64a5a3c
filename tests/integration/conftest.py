"""The line against a real Postgres and a sandbox that behaves like the three vendors."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handoff.settings import settings
from sandbox.testing import RunningSandbox, running_sandbox


def connect_to(sandbox: RunningSandbox, patch: pytest.MonkeyPatch) -> None:
    """Point the three vendors' Airflow connections at a sandbox."""
    connections: dict[str, dict[str, Any]] = {
        "HUBSPOT": {
            "conn_type": "http",
            "host": sandbox.url,
            "password": "pat-na1-sandbox",
            "extra": {"portal_id": "4242424", "client_secret": "sandbox-client-secret"},
        },
        "SLACK": {
            "conn_type": "slack",
            "password": "xoxb-sandbox",
            "extra": {
                "base_url": f"{sandbox.url}/api/",
                "channel": "#mql-handoffs",
                "review_channel": "#revenue-review",
            },
        },
        "APOLLO": {"conn_type": "http", "host": sandbox.url, "password": "apollo-sandbox"},
    }
    for name, value in connections.items():
        patch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
    patch.setenv("HANDOFF_CRM_URL", sandbox.url)
    settings.cache_clear()


@pytest.fixture
def models_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marts are built without dbt's data tests, which take longer than the models and have tests of their own."""
    monkeypatch.setenv("DBT_EXCLUDE_RESOURCE_TYPES", "test")


@pytest.fixture(scope="module")
def company() -> Iterator[RunningSandbox]:
    """A sandbox with a small company and 90 days of its history; nothing happens there by itself."""
    with running_sandbox(contacts=120, limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(company: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The company as at first, whatever an earlier test did to it."""
    company.control("POST", "reset", {})
    connect_to(company, monkeypatch)
    return company
