"""Each night: let go of what is older than the agreement says it is kept.

**Inputs.** `retention.csv` of the agreement; `raw`, the ledger, Airflow's log files.
**Outputs.** Fewer rows, and rows without what they knew of a person; contacts that were deleted in the CRM long ago are
erased, their messages in Slack as well.

**Triage.** What somebody notices: a row in `retention.csv`, and older data is still there. What to do: the task's
counts say what went; a warning in its log names a table that was in use, which the next night makes up for.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff import clock
from handoff.agreement import company_time_zone
from handoff.airflow_kit import IN_BACKGROUND


@dag(
    dag_id="handoff_upkeep",
    schedule=CronTriggerTimetable("30 4 * * *", timezone=company_time_zone(clock.now())),
    doc_md=__doc__,
    tags=["handoff", "impact:privacy"],
    **IN_BACKGROUND,
)
def handoff_upkeep() -> None:
    @task(multiple_outputs=False, execution_timeout=timedelta(hours=3))
    def retain() -> dict[str, Any]:
        from handoff.airflow_kit import log_folder
        from handoff.privacy import retention

        return retention.nightly(log_folder())

    retain()


handoff_upkeep()
