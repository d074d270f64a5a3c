"""Health without a login and without data; metrics for whoever has the token."""

from collections.abc import Iterator

import psycopg
import pytest
from starlette.testclient import TestClient

from handoff import clock
from handoff.ledger import db, heartbeats
from handoff.local import metadata
from handoff.local.metadata import Dags
from handoff.web import vitals
from handoff.web.app import app
from tests.conftest import Database

CLIENT = TestClient(app)
TOKEN = "a-token-of-this-test"


@pytest.fixture(autouse=True)
def looks_again() -> Iterator[None]:
    vitals.forget()
    yield
    vitals.forget()


def sing(database: Database) -> None:
    with db.connect() as connection:
        heartbeats.beat(connection, heartbeats.CANARY, clock.now())


def test_health_is_ok_degraded_or_down_by_names_alone(
    database: Database, looks_again: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = CLIENT.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded", "wrong": ["canary-never"]})
    sing(database)
    vitals.forget()
    assert CLIENT.get("/health").json() == {"status": "ok", "wrong": []}
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("update handoff.heartbeats set beat_at = '2026-01-01Z'")
    # Within a few seconds the ledger is not asked again, whoever wants to know.
    assert CLIENT.get("/health").json()["status"] == "ok"
    vitals.forget()
    answer = CLIENT.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "wrong": ["canary"]})
    monkeypatch.setenv("AIRFLOW_CONN_HANDOFF_DB", '{"conn_type": "postgres", "host": "127.0.0.1", "port": 9}')
    vitals.forget()
    assert CLIENT.get("/health").json() == {"status": "down", "wrong": ["ledger"]}


def test_what_airflow_does_not_run_is_in_both_and_somebody_elses_file_is_not_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sing(database)
    found = Dags(["handoff_line"], ["dags/payroll.py", "dags/bonus.py"], {"handoff_watch": 1201, "handoff_marts": 1200})
    monkeypatch.setattr(metadata, "dags", lambda: found)
    wrong = ["paused-handoff_line", "import-…", "failed-handoff_watch"]
    assert CLIENT.get("/health").json() == {"status": "degraded", "wrong": wrong}
    monkeypatch.setenv(vitals.TOKEN, TOKEN)
    lines = CLIENT.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text.splitlines()
    assert 'handoff_trouble{id="failed-handoff_watch"} 1.0' in lines


def test_metrics_are_closed_until_there_is_a_token_and_then_open_to_it_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = {"authorization": f"Bearer {TOKEN}"}
    assert CLIENT.get("/metrics", headers=right).status_code == 503
    assert CLIENT.get("/metrics", headers={"authorization": "Bearer "}).status_code == 503
    monkeypatch.setenv(vitals.TOKEN, TOKEN)
    for wrong in ({}, {"authorization": TOKEN}, {"authorization": f"Bearer {TOKEN}x"}, {"authorization": "Bearer "}):
        answer = CLIENT.get("/metrics", headers=wrong)
        assert answer.status_code == 401
        assert "handoff_" not in answer.text
    sing(database)
    answer = CLIENT.get("/metrics", headers=right)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "handoff_ledger_up 1.0" in answer.text.splitlines()
