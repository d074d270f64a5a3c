"""The line: from a change in the CRM to the message in front of a rep.

**Inputs.** HubSpot (by webhook hints and by poll), Apollo, the agreement's tables.
**Outputs.** `raw.*`, `line.*`, the ledger's handoffs and assignments; a Slack message to the rep with a copy to the
team's channel; owner, stage and `handoff_*` properties in HubSpot.

Runs every minute, and at once when a webhook has been stored. A run that finds nothing to do ends after `extract`.

**Triage.** What a rep notices: no new leads in Slack. What to do: read the run's note and the task that is red.
`extract` red: HubSpot's answer is in the log; nothing is lost, the next run reads the same window again. `qualify`
red: the log names the model. `route` green with "held" in the note: a gate is closed, its reason is in the note.
`notify` or `sync` red: the effects wait in `handoff.outbox` and go out with the next run.
"""

from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from handoff.airflow_kit import EACH_MINUTE, INBOX


@dag(
    dag_id="handoff_line",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("* * * * *", timezone="UTC"), assets=[INBOX]),
    doc_md=__doc__,
    tags=["handoff", "impact:rep"],
    **EACH_MINUTE,
)
def handoff_line() -> None:
    @task.short_circuit(multiple_outputs=False)
    def extract(run_id: str | None = None) -> dict[str, Any] | None:
        from handoff import stations

        return stations.extract(str(run_id))

    @task(multiple_outputs=False)
    def gate(run_id: str | None = None) -> dict[str, Any]:
        from handoff import stations

        return stations.gate(str(run_id))

    @task(multiple_outputs=False)
    def enrich(run_id: str | None = None) -> dict[str, Any]:
        from handoff import stations

        return stations.enrich(str(run_id))

    @task(multiple_outputs=False)
    def qualify(run_id: str | None = None) -> dict[str, Any]:
        from handoff import stations

        return stations.qualify(str(run_id))

    @task(multiple_outputs=False)
    def route(run_id: str | None = None) -> dict[str, Any]:
        from handoff import stations

        return stations.route(str(run_id))

    @task(multiple_outputs=False)
    def notify(run_id: str | None = None) -> dict[str, Any]:
        from handoff import stations

        return stations.notify(str(run_id))

    @task(multiple_outputs=False)
    def sync(run_id: str | None = None) -> dict[str, Any]:
        from handoff import stations

        return stations.sync(str(run_id))

    # Great Expectations judges the batch beside the scoring, so that the check costs the rep no time.
    extract() >> enrich() >> [qualify(), gate()] >> route() >> [notify(), sync()]


handoff_line()
