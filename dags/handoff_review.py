"""The weekly revenue meeting's pack, posted before it starts; for any other week, trigger it with `week`.

**Inputs.** `marts.rpt_weekly_review`, rebuilt first.
**Outputs.** One Slack message a week in the review channel, with pictures and the pack for print below it; the pack
itself in `handoff.reviews`, which the web app shows.

**Triage.** What the meeting notices: no post. What to do: clear the task; the week's message goes out once, however
often the run is repeated.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, task

from handoff import clock
from handoff.agreement import company_time_zone
from handoff.airflow_kit import EACH_MINUTE


@dag(
    dag_id="handoff_review",
    schedule=CronTriggerTimetable("0 7 * * 1", timezone=company_time_zone(clock.now())),
    doc_md=__doc__,
    tags=["handoff", "impact:meeting"],
    params={
        "week": Param(
            None,
            type=["null", "string"],
            pattern="^[0-9]{4}-W[0-9]{2}$",
            description="A week such as 2026-W07; empty for the last whole one",
        )
    },
    **{**EACH_MINUTE, "dagrun_timeout": timedelta(hours=2)},
)
def handoff_review() -> None:
    # At 100 thousand leads: another build of the marts, one of its own, and a backtest for each definition.
    @task(multiple_outputs=False, execution_timeout=timedelta(minutes=30))
    def review(params: dict[str, Any]) -> dict[str, Any]:
        from handoff import stations

        return stations.review(params["week"])

    review()


handoff_review()
