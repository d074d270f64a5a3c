"""A sign of life that goes the whole way of a task: schedule, executor, worker, ledger.

**Inputs.** None.
**Outputs.** The row `canary` of `handoff.heartbeats`.

Airflow's own heartbeats stay green while its executor is wedged and starts no task any more; this one does not. The
watchdog, which is outside of Airflow, reads its age.

**Triage.** What a rep notices: no leads arrive. What to do: "No task has run since …" in the alert channel;
docs/operations.md says what the watchdog has done about it and what is left to do.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from handoff.airflow_kit import EACH_MINUTE


@dag(
    dag_id="handoff_canary",
    schedule=CronTriggerTimetable("* * * * *", timezone="UTC"),
    doc_md=__doc__,
    tags=["handoff", "impact:rep"],
    **EACH_MINUTE | {"dagrun_timeout": timedelta(minutes=5)},
)
def handoff_canary() -> None:
    @task(multiple_outputs=False, execution_timeout=timedelta(minutes=1))
    def canary() -> dict[str, Any]:
        from handoff import stations

        return stations.canary()

    canary()


handoff_canary()
