"""What Airflow's metadata database says of our DAGs, where no API server answers without a login."""

import os
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
from psycopg.rows import dict_row

from handoff import clock

VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
"""Only Airflow's own services have it; a worker does not."""
TIMEOUT_S = 3
CANARY = "handoff_canary"
LATELY = timedelta(days=8)
"""How far back runs are looked at: the rarest DAG runs once a week."""
JUST_NOW = timedelta(hours=1)
"""How far back started tasks are looked for."""


@dataclass(frozen=True)
class Dags:
    """Our DAGs that somebody has paused, files that Airflow cannot import, and what became of the runs."""

    paused: list[str]
    import_errors: list[str]
    failing_s: dict[str, float] = field(default_factory=dict)
    """DAG → for how many seconds its runs have failed, since the first of them ended; none has succeeded after it. What
    a person starts by hand and fails is theirs to see; when it succeeds, the failing is over."""
    canary_is_on: bool = True
    """Whether Airflow means to run the canary: its DAG is there, and neither paused nor broken."""
    started_s: float | None = None
    """Since a task last got to a worker; None when there was none lately."""


def dags() -> Dags | None:
    """Look; None where this process has no such database, or it does not answer.

    Tables: `dag`, `import_error`, `dag_run` and `task_instance` of Airflow 3,
    https://airflow.apache.org/docs/apache-airflow/stable/database-erd-ref.html
    """
    scheme, _, rest = os.environ.get(VARIABLE, "").partition("://")
    if not scheme.startswith("postgresql"):
        return None
    at = clock.now()
    named = {"at": at, "lately": at - LATELY, "just_now": at - JUST_NOW, "canary": CANARY}
    try:
        with psycopg.connect(
            f"postgresql://{rest}",
            connect_timeout=TIMEOUT_S,
            options=f"-c statement_timeout={TIMEOUT_S}s",
            row_factory=dict_row,
        ) as connection:
            row = connection.execute(_DAGS, named).fetchone()
    except psycopg.Error:
        return None
    assert row is not None
    return Dags(**row)


_DAGS = """
with ours as (
    select dag_id, is_paused, not (is_paused or coalesce(has_import_errors, false)) as is_on
    from dag where not is_stale and starts_with(dag_id, 'handoff_')
),
failed as (
    select run.dag_id, run.run_after, run.end_date
    from dag_run as run inner join ours on ours.dag_id = run.dag_id
    where run.state = 'failed' and run.run_type <> 'manual' and run.run_after > %(lately)s
),
-- Good runs are many and failed ones few: asked this way round, an index answers.
unmended as (
    select newest.* from (select dag_id, max(run_after) as run_after from failed group by dag_id) as newest
    left join lateral (
        select true as is_good from dag_run as good
        where good.run_after > newest.run_after and good.dag_id = newest.dag_id and good.state = 'success'
        order by good.run_after limit 1
    ) as later on true
    where later.is_good is null
),
failing as (
    select failed.dag_id, extract(epoch from %(at)s - min(failed.end_date))::float as seconds
    from unmended
    left join lateral (
        select good.run_after from dag_run as good
        where good.run_after between %(lately)s and unmended.run_after
        and good.dag_id = unmended.dag_id and good.state = 'success'
        order by good.run_after desc limit 1
    ) as before on true
    inner join failed on failed.dag_id = unmended.dag_id
    and (before.run_after is null or failed.run_after > before.run_after)
    group by failed.dag_id
)
select
    (select coalesce(array_agg(dag_id::text order by dag_id), '{}') from ours where is_paused) as paused,
    (select coalesce(array_agg(filename::text order by filename), '{}') from import_error) as import_errors,
    (select coalesce(jsonb_object_agg(dag_id, seconds), '{}') from failing where seconds is not null) as failing_s,
    exists(select from ours where dag_id = %(canary)s and is_on) as canary_is_on,
    (
        select extract(epoch from %(at)s - max(task.start_date))::float
        from dag_run as run inner join ours on ours.dag_id = run.dag_id
        inner join task_instance as task on task.dag_id = run.dag_id and task.run_id = run.run_id
        where run.run_after > %(just_now)s
    ) as started_s
"""
