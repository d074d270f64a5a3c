"""The clocks that both teams signed: who was contacted, who answered, whose time ran out, and who must hear of it.

**Inputs.** What people pressed in Slack, engagements and lead status in the CRM, open assignments and their deadlines,
and the steps of `escalations.csv`.
**Outputs.** `handoff.dispositions`, `breaches`, `ladder_steps`, `clock_pauses`; reminders and notes to managers, other
assignments, cards brought up to date, `handoff_sla_status` and `handoff_sla_due_at` in HubSpot.

**Triage.** What a rep notices: a lead they called still counts as open. What to do: look the call up in
`line.int_engagements`; when it is not there, the line has not extracted it yet; when it is, docs/first-contact.md says
why it may not count. What a manager notices: no word of a lead that lapsed. What to do: its steps are in
`handoff.ladder_steps`, and whoever is not at work hears of it at their next opening.
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
