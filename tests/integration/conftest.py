"""The line against a real Postgres and a sandbox that behaves like the three vendors."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handoff import clock, stations
from handoff.local import scratch
from handoff.settings import settings
from sandbox.testing import RunningSandbox, running_sandbox
from tests.conftest import Database, copy, made_once

STATIONS = (stations.extract, stations.gate, stations.enrich, stations.qualify, stations.route, stations.notify)
STATIONS += (stations.sync,)
"""In the order of the line's DAG."""


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


@pytest.fixture(scope="session")
def company() -> Iterator[RunningSandbox]:
    """A sandbox with a small company and 90 days of its history; nothing happens there by itself."""
    with running_sandbox(contacts=120, limits=False) as sandbox:
        yield sandbox


@dataclass(frozen=True)
class Landed:
    """A database whose line has run once over the company's history."""

    name: str
    until: int
    """When that history ends, epoch milliseconds."""


@pytest.fixture(scope="session")
def landed_template(
    postgres: scratch.Cluster, agreement_template: str, shared_folder: Path, company: RunningSandbox
) -> Landed:
    """Made by the first process of a run that needs it, as the template with the agreement is."""
    ends = shared_folder / "landed.until"

    def land() -> None:
        ends.write_text(str(int(clock.now().timestamp() * 1000)))
        company.control("POST", "reset", {"until": int(ends.read_text())})
        with pytest.MonkeyPatch.context() as patch:
            connect_to(company, patch)
            for station in STATIONS:
                station("landed")

    made_once(postgres, "landed", agreement_template, shared_folder, land)
    return Landed("landed", int(ends.read_text()))


@pytest.fixture
def landed_database(
    postgres: scratch.Cluster, landed_template: Landed, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """As `agreement_database`, where the line has run over the history of the sandbox's company."""
    yield from copy(postgres, landed_template.name, shared_folder, monkeypatch)


@pytest.fixture
def sandbox(company: RunningSandbox, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The company as at first, whatever an earlier test did to it; with `landed_database`, as it landed there."""
    is_landed = "landed_database" in request.fixturenames
    ended = {"until": request.getfixturevalue("landed_template").until} if is_landed else {}
    company.control("POST", "reset", ended)
    connect_to(company, monkeypatch)
    return company
