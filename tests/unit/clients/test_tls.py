"""Every session of a process trusts the same certificates, and checks them."""

import json
import ssl

import pytest

from handoff.clients.apollo import ApolloHook
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.slack import SlackHook
from handoff.clients.tls import trusted


def test_certificates_and_names_are_checked() -> None:
    assert (trusted().verify_mode, trusted().check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trusted() is trusted()


def test_the_vendors_sessions_share_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HUBSPOT", "APOLLO", "SLACK"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "http", "password": "x"}))
    assert SlackHook().client.ssl is trusted()
    for client in (HubSpotHook().client, ApolloHook().client):
        assert client._transport._pool._ssl_context is trusted()  # type: ignore[attr-defined]
