"""The tables that BI and the weekly meeting read, and the gates on what flows.

**Inputs.** `line.*`, the ledger, the agreement.
**Outputs.** Schema `marts`, with enforced contracts, all of a build at once; the policy models that must be empty; how
each model did in `handoff.model_builds`; dbt's page about the models, when the agreement is new; and a verdict a gate
in `handoff.gates`; what is new of them goes to the review channel with the line's next run.

**Triage.** What a manager notices: yesterday's numbers. What to do: the page "Marts" of the Airflow UI, and the log,
name the model or the test; a policy model that is not empty names the handoffs that break the promise. "The gate … is
closed": `expectations/README.md`.
"""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff.airflow_kit import EACH_MINUTE


@dag(
    dag_id="handoff_marts",
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
    doc_md=__doc__,
    tags=["handoff", "impact:meeting"],
    **EACH_MINUTE,
)
def handoff_marts() -> None:
    @task(multiple_outputs=False)
    def marts() -> dict[str, Any]:
        from handoff import stations

        return stations.marts()

    @task(multiple_outputs=False)
    def gates() -> dict[str, Any]:
        from handoff import stations

        return stations.gates()

    @task(multiple_outputs=False)
    def documentation() -> dict[str, Any]:
        from handoff import stations

        return stations.documentation()

    # None waits for another: what fails in one says nothing about the others.
    marts()
    gates()
    documentation()


handoff_marts()
