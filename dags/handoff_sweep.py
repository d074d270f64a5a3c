"""The nightly sweep: the CRM's whole lists, live and archived, held against what has landed.

**Inputs.** HubSpot's lists of every kind of record; `raw.*`.
**Outputs.** `raw.*` for what was missed, changed back, merged, deleted or erased; a row a stream in `handoff.passes`; a
message in the review channel when the other passes had missed something.

**Triage.** What a manager notices: "the nightly sweep found … versions". What to do: nothing for these records, they
are in; if it comes night after night, look in `handoff.passes` which stream it is, and raise the slow pass's overlap.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff import clock
from handoff.agreement import company_time_zone
from handoff.airflow_kit import IN_BACKGROUND


@dag(
    dag_id="handoff_sweep",
    schedule=CronTriggerTimetable("30 1 * * *", timezone=company_time_zone(clock.now())),
    doc_md=__doc__,
    tags=["handoff", "impact:rep"],
    **IN_BACKGROUND,
)
def handoff_sweep() -> None:
    @task(multiple_outputs=False, execution_timeout=timedelta(hours=11))
    def sweep() -> dict[str, Any]:
        from handoff import stations

        return stations.sweep()

    sweep()


handoff_sweep()
