"""The slow pass over the CRM: everything again, up to where its search index must be complete.

**Inputs.** HubSpot, each stream from an hour before its watermark up to a quarter of an hour ago; the associations of
leads with an open handoff.
**Outputs.** `raw.*` for what the fast pass missed, the watermarks in `handoff.cursors`, a row a stream in
`handoff.passes`; what Apollo had not answered in time is asked again.

The line reads up to the present, where the index still lags; only this DAG may say that nothing is missing. A stream
without a watermark is read from the beginning.

**Triage.** What a rep notices: a lead arrives a quarter of an hour late. What to do: `handoff status` shows what was
missed lately; if it grows, HubSpot's index lags more than usual. Red: the log names the stream and HubSpot's answer;
its watermark stays, and the next run reads the same window again.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff.airflow_kit import IN_BACKGROUND


@dag(
    dag_id="handoff_settle",
    schedule=CronTriggerTimetable("7,22,37,52 * * * *", timezone="UTC"),
    doc_md=__doc__,
    tags=["handoff", "impact:rep"],
    **IN_BACKGROUND,
)
def handoff_settle() -> None:
    @task(multiple_outputs=False, execution_timeout=timedelta(hours=11))
    def settle() -> dict[str, Any]:
        from handoff import stations

        return stations.settle()

    @task(multiple_outputs=False)
    def enrich() -> dict[str, Any]:
        from handoff import stations

        return stations.enrich_late()

    settle() >> enrich()


handoff_settle()
