"""Configured secrets: which are taken, which stop the web app, and what is said about them."""

import logging
from typing import Any

import pytest

from handoff.web import signing
from handoff_plugin import HandoffPlugin
from tests.unit.web.doors import connect

GOOD, OTHER = "0123456789abcdef", "fedcba9876543210"
FIELDS = [("hubspot", "client_secret"), ("slack", "signing_secret")]


@pytest.fixture(autouse=True)
def neither(monkeypatch: pytest.MonkeyPatch) -> None:
    for conn_id, _ in FIELDS:
        connect(monkeypatch, conn_id, {})


@pytest.mark.parametrize(("conn_id", "field"), FIELDS)
def test_present_and_previous_are_taken_during_rotation(
    conn_id: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signing.secrets(conn_id) == []
    connect(monkeypatch, conn_id, {field: GOOD})
    assert signing.secrets(conn_id) == [GOOD]
    connect(monkeypatch, conn_id, {field: GOOD, f"previous_{field}": OTHER})
    assert signing.secrets(conn_id) == [GOOD, OTHER]


@pytest.mark.parametrize("value", ["", "   ", "\t\n", "0123456789abcde", GOOD + "\n", None, 1234567890123456, [GOOD]])
@pytest.mark.parametrize("slot", ["", "previous_"])
@pytest.mark.parametrize(("conn_id", "field"), FIELDS)
def test_a_secret_that_verifies_nothing_is_refused_by_name(
    conn_id: str, field: str, slot: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, conn_id, {field: GOOD, slot + field: value})
    with pytest.raises(signing.BadSecret, match=f"'{slot}{field}' in the extra of the Airflow connection '{conn_id}'"):
        signing.secrets(conn_id)


@pytest.mark.parametrize(("conn_id", "field"), FIELDS)
def test_two_slots_are_for_two_secrets(conn_id: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, conn_id, {field: GOOD, f"previous_{field}": GOOD})
    with pytest.raises(signing.BadSecret, match="one secret in both"):
        signing.secrets(conn_id)
    connect(monkeypatch, conn_id, {f"previous_{field}": GOOD})
    with pytest.raises(signing.BadSecret, match=f"no '{field}'"):
        signing.secrets(conn_id)


def test_no_message_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "slack", {"signing_secret": "short-and-secret"[:12]})
    with pytest.raises(signing.BadSecret) as raised:
        signing.check()
    assert "short" not in str(raised.value).replace("shorter", "")


def test_a_connection_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", '{"extra": {"signing_secret": ')
    with pytest.raises(signing.BadSecret, match="'slack' cannot be read"):
        signing.secrets("slack")


def test_the_web_app_is_mounted_without_any_secret_and_with_good_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each["url_prefix"] for each in HandoffPlugin().fastapi_apps] == ["/handoff"]
    connect(monkeypatch, "hubspot", {"client_secret": GOOD})
    assert [each["url_prefix"] for each in HandoffPlugin().fastapi_apps] == ["/handoff"]


@pytest.mark.parametrize(("conn_id", "field"), FIELDS)
def test_the_web_app_is_not_mounted_with_a_bad_secret_and_says_why(
    conn_id: str, field: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(monkeypatch, conn_id, {field: ""})
    with caplog.at_level(logging.ERROR):
        plugin = HandoffPlugin()
        assert plugin.fastapi_apps == []
    (line,) = caplog.messages
    assert f"'{field}' in the extra of the Airflow connection '{conn_id}' is empty: " in line
    assert len(plugin.listeners) == 1
