"""History in, by hand, with no effect on anyone.

**Inputs.** HubSpot, every stream from the beginning, or from the run's parameter `since`, up to 15 minutes ago.
**Outputs.** `raw.*`, a row for each stream and year in `handoff.passes`, and the streams' cursors: the line goes on
from where the history ends.

For a large account run it before the line is unpaused; a small one needs none: the line's first run reads everything.

**Triage.** What one notices: it takes hours. What to do: the log names each year as it is read, and HubSpot's limit is
the limit. Stopped or red: run it again, it goes on with the first year that is missing.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from handoff.airflow_kit import IN_BACKGROUND


@dag(
    dag_id="handoff_backfill",
    schedule=None,
    params={
        "since": Param(None, type=["null", "string"], format="date", description="First day; empty: the beginning")
    },
    doc_md=__doc__,
    tags=["handoff", "impact:none"],
    **IN_BACKGROUND,
)
def handoff_backfill() -> None:
    @task(multiple_outputs=False, execution_timeout=timedelta(hours=47))
    def backfill(params: dict[str, Any] | None = None) -> dict[str, Any]:
        from datetime import UTC, datetime

        from handoff import stations

        since = (params or {}).get("since")
        return stations.backfill(datetime.fromisoformat(since).replace(tzinfo=UTC) if since else None)

    backfill()


handoff_backfill()
