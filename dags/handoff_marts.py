"""The tables that BI and the weekly meeting read.

**Inputs.** `line.*`, the ledger, the agreement.
**Outputs.** Schema `marts`, with enforced contracts, and the policy models that must be empty.

**Triage.** What a manager notices: yesterday's numbers. What to do: the log names the model or the test; a policy model
that is not empty names the handoffs that break the promise.
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

    marts()


handoff_marts()
