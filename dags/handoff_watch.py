"""The clocks that both teams signed: who was contacted, who accepted or rejected, whose time ran out.

**Inputs.** Engagements and lead status in the CRM, open assignments and their due times.
**Outputs.** `handoff.dispositions`, `handoff.breaches`, `handoff_sla_status` in HubSpot.

**Triage.** What a rep notices: a lead they called still counts as open. What to do: look the call up in
`line.int_activities`; when it is not there, the line has not extracted it yet.
"""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff.airflow_kit import EACH_MINUTE


@dag(
    dag_id="handoff_watch",
    schedule=CronTriggerTimetable("* * * * *", timezone="UTC"),
    doc_md=__doc__,
    tags=["handoff", "impact:rep"],
    **EACH_MINUTE,
)
def handoff_watch() -> None:
    @task(multiple_outputs=False)
    def watch() -> dict[str, Any]:
        from handoff import stations

        return stations.watch()

    watch()


handoff_watch()
