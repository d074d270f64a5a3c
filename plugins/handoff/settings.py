"""Operational settings, from the environment; business rules live in the agreement, secrets in connections."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Where things are and how the machine's resources are used. Every field has one variable."""

    home: Path
    """State of the local stack (`HANDOFF_HOME`, default `.handoff` in the repository)."""
    postgres_port: int
    """Embedded Postgres (`HANDOFF_POSTGRES_PORT`)."""
    airflow_port: int
    """Airflow UI, API and inbound webhooks (`HANDOFF_AIRFLOW_PORT`)."""
    sandbox_port: int
    """Stand-in for HubSpot, Slack and Apollo (`HANDOFF_SANDBOX_PORT`)."""
    bi_port: int
    """Superset, once `handoff bi` has started it (`HANDOFF_BI_PORT`)."""
    public_url: str
    """Address under which vendors reach the web app (`HANDOFF_PUBLIC_URL`); signatures are checked against it."""
    dbt_project: Path
    """dbt project directory (`HANDOFF_DBT_PROJECT`)."""
    dbt_target: Path
    """Where dbt writes its manifest and compiled SQL (`HANDOFF_DBT_TARGET`)."""
    expectations: Path
    """Directory of Great Expectations suites (`HANDOFF_EXPECTATIONS`)."""
    docs: Path
    """Directory of the documentation (`HANDOFF_DOCS`)."""
    crm_url: str
    """Base of the links to CRM records in messages (`HANDOFF_CRM_URL`), without a trailing slash."""


@cache
def settings() -> Settings:
    """Read the environment once. Tests that change it call `settings.cache_clear()`.

    Raises:
        ValueError: a port is not a number between 1 and 65535; the message names the variable.
    """
    home = Path(os.environ.get("HANDOFF_HOME") or REPOSITORY / ".handoff").resolve()
    airflow_port = _port("HANDOFF_AIRFLOW_PORT", 8080)
    return Settings(
        home=home,
        postgres_port=_port("HANDOFF_POSTGRES_PORT", 5499),
        airflow_port=airflow_port,
        sandbox_port=_port("HANDOFF_SANDBOX_PORT", 8090),
        bi_port=_port("HANDOFF_BI_PORT", 8088),
        public_url=os.environ.get("HANDOFF_PUBLIC_URL") or f"http://127.0.0.1:{airflow_port}",
        dbt_project=Path(os.environ.get("HANDOFF_DBT_PROJECT") or REPOSITORY / "dbt_project"),
        dbt_target=Path(os.environ.get("HANDOFF_DBT_TARGET") or home / "dbt"),
        expectations=Path(os.environ.get("HANDOFF_EXPECTATIONS") or REPOSITORY / "expectations"),
        docs=Path(os.environ.get("HANDOFF_DOCS") or REPOSITORY / "docs"),
        crm_url=os.environ.get("HANDOFF_CRM_URL") or "https://app.hubspot.com",
    )


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"{name}={text!r} is not a port: give a number from 1 to 65535")
    return int(text)
