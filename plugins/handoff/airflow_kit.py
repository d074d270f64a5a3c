"""What every DAG shares: defaults, the asset that wakes the line, and the note that one reads in the Airflow UI."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, AssetWatcher

from handoff.triggers.inbox import InboxTrigger

START = datetime(2026, 1, 1, tzinfo=UTC)
"""DAGs keep no state in data intervals; this only has to lie in the past."""

INBOX = Asset(
    name="handoff_inbox",
    uri="handoff://ledger/inbox",
    watchers=[AssetWatcher(name="handoff_inbox_watcher", trigger=InboxTrigger())],
)
"""Updated when a webhook has been stored."""

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "revops",
    "retries": 2,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=1),
    "execution_timeout": timedelta(minutes=10),
}

EACH_MINUTE: dict[str, Any] = {
    "start_date": START,
    "catchup": False,
    "max_active_runs": 1,
    "dagrun_timeout": timedelta(minutes=15),
    "default_args": DEFAULT_ARGS,
}
