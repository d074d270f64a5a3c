"""What Airflow's metadata database says of our DAGs, where no API server answers without a login."""

import os
from dataclasses import dataclass

import psycopg

VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
"""Only Airflow's own services have it; a worker does not."""
TIMEOUT_S = 3


@dataclass(frozen=True)
class Dags:
    """Our DAGs that somebody has paused, and files that Airflow cannot import."""

    paused: list[str]
    import_errors: list[str]


def dags() -> Dags | None:
    """Look; None where this process has no such database, or it does not answer.

    Tables: `dag` and `import_error` of Airflow 3, https://airflow.apache.org/docs/apache-airflow/stable/database-erd-ref.html
    """
    scheme, _, rest = os.environ.get(VARIABLE, "").partition("://")
    if not scheme.startswith("postgresql"):
        return None
    try:
        with psycopg.connect(
            f"postgresql://{rest}", connect_timeout=TIMEOUT_S, options=f"-c statement_timeout={TIMEOUT_S}s"
        ) as connection:
            paused = connection.execute(
                "select dag_id from dag where is_paused and not is_stale and starts_with(dag_id, 'handoff_') order by 1"
            ).fetchall()
            errors = connection.execute("select filename from import_error order by 1").fetchall()
    except psycopg.Error:
        return None
    return Dags([str(row[0]) for row in paused], [str(row[0]) for row in errors])
