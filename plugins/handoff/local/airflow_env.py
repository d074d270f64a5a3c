"""Every setting of the local stack, in one place: Airflow's, the connections', and telemetry off.

What production shares with it is repeated in docker-compose.yaml, which a test holds against `AIRFLOW`.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from handoff import connections
from handoff.local.state import Layout, Secrets
from handoff.settings import REPOSITORY, Settings

TELEMETRY_OFF = {
    "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "False",
    "SCARF_ANALYTICS": "false",
}

AIRFLOW = {
    # Wherever it runs.
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
    "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "1",
    # Auto-pausing after failures would be a silent stop.
    "AIRFLOW__CORE__MAX_CONSECUTIVE_FAILED_DAG_RUNS_PER_DAG": "0",
    # Every task has an end, and may be retried: what it does is fenced in Postgres.
    "AIRFLOW__CORE__DEFAULT_TASK_EXECUTION_TIMEOUT": "600",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "3",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "10",
    # A line of six tasks waits for the scheduler at each step; with the default of 1 s that alone takes 7 s.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    # Recover from a dead scheduler or worker in a minute or two instead of five to ten.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "180",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "60",
    "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT": "False",
    "AIRFLOW__API__EXPOSE_CONFIG": "False",
    "AIRFLOW__CORE__TEST_CONNECTION": "Disabled",
}

LOCAL = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    # LocalExecutor forks all of its workers at start: notify and sync, watch, marts, and two to spare.
    "AIRFLOW__CORE__PARALLELISM": "6",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    # No login: the API server listens on 127.0.0.1 only.
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__API__HOST": "127.0.0.1",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    # A new DAG file is seen within 10 s; parsing ten small files each half minute keeps an idle machine idle.
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "5",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW": "10",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
}

DEMO = {
    # Contacts in the demo company's history, and things that its visitors do per minute; 0 = nothing by itself.
    "HANDOFF_DEMO_CONTACTS": "3000",
    "HANDOFF_DEMO_LIFE": "6",
}

SANDBOX_WEBHOOK = "/services/T0SANDBOX/B0SANDBOX/sandboxIncomingWebhook01"
"""The sandbox's incoming webhook: the watchdog's way to people here."""

INHERITED = ("HOME", "LANG", "PATH", "SSL_CERT_FILE", "TMPDIR", "USER")
SANDBOX_TOKENS = {"hubspot": "pat-na1-sandbox", "slack": "xoxb-sandbox", "apollo": "apollo-sandbox"}


def environment(settings: Settings, where: Layout, secrets: Secrets, ambient: Mapping[str, str]) -> dict[str, str]:
    """Variables of every component.

    `ambient` is the caller's environment: of it, only what a process needs to run at all is kept, all `HANDOFF_*`, and
    every `AIRFLOW__*` and `AIRFLOW_CONN_*`, which win over ours; that is how a real HubSpot, Slack or Apollo account
    is connected.
    """
    kept = {name: ambient[name] for name in INHERITED if name in ambient}
    handoff = {name: value for name, value in ambient.items() if name.startswith("HANDOFF_")}
    handoff.pop("HANDOFF_COMPONENT", None)
    chosen = {name: value for name, value in ambient.items() if name.startswith(("AIRFLOW__", "AIRFLOW_CONN_"))}
    return {
        **kept,
        "PATH": f"{Path(sys.prefix) / 'bin'}:{kept.get('PATH', os.defpath)}",
        "PYTHONPATH": str(REPOSITORY / "plugins"),
        "PYTHONUNBUFFERED": "1",
        # Airflow retitles its processes; without this the title overwrites the environment that they are found by.
        "SPT_NOENV": "1",
        "TZ": "UTC",
        **TELEMETRY_OFF,
        **AIRFLOW,
        **LOCAL,
        **_addresses(settings, where, secrets),
        **_connections(settings, secrets),
        **DEMO,
        "HANDOFF_ALERT_WEBHOOK": f"http://127.0.0.1:{settings.sandbox_port}{SANDBOX_WEBHOOK}",
        **handoff,
        **_handoff(settings),
        **chosen,
    }


def _addresses(settings: Settings, where: Layout, secrets: Secrets) -> dict[str, str]:
    database = f"airflow:{secrets.airflow}@127.0.0.1:{settings.postgres_port}/airflow"
    api = f"http://127.0.0.1:{settings.airflow_port}"
    return {
        "AIRFLOW_HOME": str(where.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": secrets.fernet_key,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{api}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(where.airflow / "passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{database}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(where.logs / "airflow"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(where.logs / "airflow" / "dag_processor"),
        "AIRFLOW__API__BASE_URL": api,
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__API__SECRET_KEY": secrets.api_secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.jwt_secret,
    }


def _handoff(settings: Settings) -> dict[str, str]:
    return {
        "HANDOFF_HOME": str(settings.home),
        "HANDOFF_POSTGRES_PORT": str(settings.postgres_port),
        "HANDOFF_AIRFLOW_PORT": str(settings.airflow_port),
        "HANDOFF_SANDBOX_PORT": str(settings.sandbox_port),
        "HANDOFF_BI_PORT": str(settings.bi_port),
        "HANDOFF_DBT_TARGET": str(settings.dbt_target),
        # The demo company outlives its process.
        "SANDBOX_STATE": str(settings.home / "sandbox.sqlite"),
        # Its configuration is ours; its secrets stay in secrets.json.
        "SUPERSET_CONFIG_PATH": str(REPOSITORY / "plugins/handoff/bi/inside/superset_config.py"),
        "SUPERSET_HOME": str(settings.home / "superset"),
        "SANDBOX_WEBHOOK_URL": f"{settings.public_url}/handoff/hubspot/webhook",
        "SANDBOX_SLACK_INTERACTIVITY_URL": f"{settings.public_url}/handoff/slack/interactions",
    }


def _connections(settings: Settings, secrets: Secrets) -> dict[str, str]:
    """The local database's roles, and the sandbox in the place of the three vendors."""
    sandbox = f"http://127.0.0.1:{settings.sandbox_port}"

    def postgres(login: str, password: str) -> dict[str, object]:
        return {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": settings.postgres_port,
            "login": login,
            "password": password,
            "schema": "handoff",
        }

    values: dict[str, dict[str, object]] = {
        connections.DB: postgres("handoff_app", secrets.handoff_app),
        connections.DBT: postgres("handoff_dbt", secrets.handoff_dbt),
        connections.BI: postgres("bi_reader", secrets.bi_reader),
        connections.ADMIN: postgres("postgres", secrets.postgres),
        connections.HUBSPOT: {
            "conn_type": "http",
            "host": sandbox,
            "password": SANDBOX_TOKENS["hubspot"],
            "extra": {"portal_id": "4242424", "client_secret": "sandbox-client-secret"},
        },
        connections.SLACK: {
            "conn_type": "slack",
            "password": SANDBOX_TOKENS["slack"],
            "extra": {
                "base_url": f"{sandbox}/api/",
                "signing_secret": "sandbox-signing-secret",
                "channel": "#mql-handoffs",
                "review_channel": "#revenue-review",
            },
        },
        connections.APOLLO: {"conn_type": "http", "host": sandbox, "password": SANDBOX_TOKENS["apollo"]},
    }
    return {f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(value) for conn_id, value in values.items()}
