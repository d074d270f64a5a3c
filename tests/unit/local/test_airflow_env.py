import json
from pathlib import Path

import pytest

from handoff import connections
from handoff.local import airflow_env, state
from handoff.settings import settings


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> state.Layout:
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path))
    monkeypatch.setenv("HANDOFF_AIRFLOW_PORT", "28123")
    settings.cache_clear()
    return state.layout(settings())


@pytest.fixture(autouse=True)
def _fresh_settings() -> object:
    yield
    settings.cache_clear()


def _environment(where: state.Layout, ambient: dict[str, str]) -> dict[str, str]:
    return airflow_env.environment(settings(), where, state.prepare(where), ambient)


def test_the_connections_read_back_as_the_roles_and_the_sandbox(
    where: state.Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _environment(where, {}).items():
        monkeypatch.setenv(name, value)
    assert connections.get(connections.DB).login == "handoff_app"
    assert connections.get(connections.DBT).login == "handoff_dbt"
    assert connections.get(connections.ADMIN).login == "postgres"
    assert connections.get(connections.BI).login == "bi_reader"
    for vendor in (connections.HUBSPOT, connections.APOLLO):
        assert connections.get(vendor).host == f"http://127.0.0.1:{settings().sandbox_port}"
    assert connections.get(connections.SLACK).extra["base_url"].endswith("/api/")


def test_the_components_inherit_no_more_of_the_caller_than_they_need(where: state.Layout) -> None:
    found = _environment(where, {"HOME": "/root", "AWS_SECRET_ACCESS_KEY": "x", "PYTHONHASHSEED": "1"})
    assert found["HOME"] == "/root"
    assert not {"AWS_SECRET_ACCESS_KEY", "PYTHONHASHSEED"} & set(found)


def test_a_real_account_and_a_setting_of_the_caller_win(where: state.Layout) -> None:
    account = json.dumps({"conn_type": "http", "host": "https://api.hubapi.com", "password": "pat-mine"})
    found = _environment(
        where,
        {
            "AIRFLOW_CONN_HUBSPOT": account,
            "AIRFLOW__CORE__PARALLELISM": "12",
            "HANDOFF_DEMO_LIFE": "60",
            "HANDOFF_COMPONENT": "scheduler",
        },
    )
    assert found["AIRFLOW_CONN_HUBSPOT"] == account
    assert found["AIRFLOW__CORE__PARALLELISM"] == "12"
    assert found["HANDOFF_DEMO_LIFE"] == "60"
    assert "HANDOFF_COMPONENT" not in found


def test_everything_listens_here_only_and_reports_nowhere(where: state.Layout) -> None:
    found = _environment(where, {})
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:28123/execution/"
    assert airflow_env.TELEMETRY_OFF.items() <= found.items()


def test_airflow_knows_every_option_that_is_set(where: state.Layout) -> None:
    from airflow.configuration import conf

    known = {(section.lower(), option.lower()) for section, options in conf.as_dict().items() for option in options}
    unset = {
        ("usage_data_collection", "enabled"),
        ("core", "execution_api_server_url"),
        ("database", "sql_alchemy_conn_async"),
        ("api", "base_url"),
        ("core", "simple_auth_manager_passwords_file"),
        ("cosmos", "enable_telemetry"),
    }
    for name in _environment(where, {}):
        if name.startswith("AIRFLOW__"):
            section, option = name.removeprefix("AIRFLOW__").lower().split("__")
            assert (section, option) in known | unset, name
