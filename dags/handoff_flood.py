"""The breaker's question: more leads became MQLs than usual; are they to be handed over?

**Inputs.** `handoff.floods` and the MQLs that the line holds.
**Outputs.** A required action in the Airflow UI; the answer in `handoff.floods`, on which the line's next run acts.

Runs when the line has held the first MQL of a flood, and every half hour to ask again while nobody has answered.

**Triage.** What a manager notices: "… MQLs are held" in the review channel. What to do: open Required Actions here,
read what they qualified by, and choose Release or Drop. A wrong rule: drop, correct the row, load the agreement.
"""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from handoff.airflow_kit import EACH_MINUTE, FLOOD


@dag(
    dag_id="handoff_flood",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/30 * * * *", timezone="UTC"), assets=[FLOOD]),
    doc_md=__doc__,
    tags=["handoff", "impact:rep"],
    **{**EACH_MINUTE, "dagrun_timeout": timedelta(minutes=40)},
)
def handoff_flood() -> None:
    @task.short_circuit(multiple_outputs=False)
    def look() -> dict[str, Any] | None:
        from handoff import stations

        return stations.flood()

    ask = HITLOperator(
        task_id="ask",
        subject="{{ ti.xcom_pull(task_ids='look')['subject'] }}",
        body="{{ ti.xcom_pull(task_ids='look')['body'] }}",
        options=["Release", "Drop", "Ask again later"],
        defaults="Ask again later",
        # Somebody may answer elsewhere: the question does not stand for ever.
        response_timeout=timedelta(minutes=25),
    )

    @task(multiple_outputs=False)
    def answer(question: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        from handoff import stations

        who = (given.get("responded_by_user") or {}).get("name") or "somebody in Airflow"
        return stations.answer_flood(question["flood_id"], given["chosen_options"][0], who)

    question = look()
    question >> ask
    answer(question, ask.output)


handoff_flood()
