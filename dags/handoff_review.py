"""The weekly revenue meeting's counts, posted before it starts.

**Inputs.** `marts.rpt_weekly_review`, rebuilt first.
**Outputs.** One Slack message a week in the review channel.

**Triage.** What the meeting notices: no post. What to do: clear the task; the week's message goes out once, however
often the run is repeated.
"""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff import clock
from handoff.agreement import company_time_zone
from handoff.airflow_kit import EACH_MINUTE


@dag(
    dag_id="handoff_review",
    schedule=CronTriggerTimetable("0 7 * * 1", timezone=company_time_zone(clock.now())),
    doc_md=__doc__,
    tags=["handoff", "impact:meeting"],
    **EACH_MINUTE,
)
def handoff_review() -> None:
    @task(multiple_outputs=False)
    def review() -> dict[str, Any]:
        from handoff import stations

        return stations.review()

    review()


handoff_review()
