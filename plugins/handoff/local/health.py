"""Whether a component answers.

Airflow: https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/check-health.html
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from handoff.clients.tls import trusted
from handoff.settings import Settings

TIMEOUT_S = 5
AIRFLOW = {
    "api-server": None,
    "scheduler": "scheduler",
    "triggerer": "triggerer",
    "dag-processor": "dag_processor",
}
"""Component → its name in the API server's health answer; the API server itself is healthy when it answers."""


def airflow(settings: Settings) -> dict[str, bool]:
    """Component → healthy; for all but the API server that means a fresh heartbeat in the metadata database."""
    try:
        answer = httpx.get(
            f"http://127.0.0.1:{settings.airflow_port}/api/v2/monitor/health", timeout=TIMEOUT_S, verify=trusted()
        )
        parts = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return dict.fromkeys(AIRFLOW, False)
    return {
        component: name is None or (parts.get(name) or {}).get("status") == "healthy"
        for component, name in AIRFLOW.items()
    }


def paused(settings: Settings) -> list[str]:
    """Our DAGs that somebody has paused in the Airflow UI, and that therefore do nothing; [] without an API server."""
    try:
        return _paused(settings)
    except (httpx.HTTPError, ValueError):
        return []


@contextmanager
def _api(settings: Settings) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.airflow_port}", timeout=TIMEOUT_S, verify=trusted()) as api:
        # Without a login there is a token for everyone.
        token = api.get("/auth/token").raise_for_status().json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        yield api


def _paused(settings: Settings) -> list[str]:
    with _api(settings) as api:
        answer = api.get("/api/v2/dags", params={"paused": True, "dag_id_prefix_pattern": "handoff_"})
    return sorted(each["dag_id"] for each in answer.raise_for_status().json()["dags"])


def superset(settings: Settings) -> bool:
    """Whether the dashboard's server answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{settings.bi_port}/health", timeout=TIMEOUT_S, verify=trusted()).is_success
    except httpx.HTTPError:
        return False


def sandbox(settings: Settings) -> bool:
    """Whether the sandbox serves its company."""
    try:
        return httpx.get(
            f"http://127.0.0.1:{settings.sandbox_port}/_sandbox/health", timeout=TIMEOUT_S, verify=trusted()
        ).is_success
    except httpx.HTTPError:
        return False
