"""What every DAG shares: defaults, and the asset that wakes the line."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, AssetWatcher

from handoff.triggers.flood import FloodTrigger
from handoff.triggers.inbox import InboxTrigger

log = logging.getLogger(__name__)

START = datetime(2026, 1, 1, tzinfo=UTC)
"""DAGs keep no state in data intervals; this only has to lie in the past."""

INBOX = Asset(
    name="handoff_inbox",
    uri="handoff://ledger/inbox",
    watchers=[AssetWatcher(name="handoff_inbox_watcher", trigger=InboxTrigger())],
)
"""Updated when a webhook has been stored."""

FLOOD = Asset(
    name="handoff_flood",
    uri="handoff://ledger/flood",
    watchers=[AssetWatcher(name="handoff_flood_watcher", trigger=FloodTrigger())],
)
"""Updated when the line holds more MQLs than usual."""

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

IN_BACKGROUND: dict[str, Any] = {**EACH_MINUTE, "dagrun_timeout": timedelta(hours=48)}
"""What nobody waits for, and may take hours."""


def log_folder() -> Path:
    """Where Airflow writes its log files on this machine."""
    from airflow.sdk.configuration import conf

    return Path(conf.get("logging", "base_log_folder"))


def wake_line() -> None:
    """Tell Airflow at once that webhooks have been stored; for a process with its metadata database.

    Triggers hand their events over once a second, so the asset's watcher takes half a second longer. It is what wakes
    the line when this fails.
    """
    from airflow.assets.manager import asset_manager
    from airflow.serialization.definitions.assets import SerializedAssetUniqueKey
    from airflow.utils.session import create_session
    from sqlalchemy.exc import SQLAlchemyError

    key = SerializedAssetUniqueKey(name=INBOX.name, uri=INBOX.uri)
    try:
        with create_session() as session:
            asset_manager.register_asset_change(asset=key, extra={"told_by": "webhook"}, session=session)
    except SQLAlchemyError:
        log.warning("Airflow could not be told of a webhook; the inbox's watcher will", exc_info=True)
