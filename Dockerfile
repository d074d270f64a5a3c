# One image for every service of docker-compose.yaml.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/handoff/state/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/handoff/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/handoff/plugins \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/opt/handoff/state/logs \
    AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY=/opt/handoff/state/logs/dag_processor \
    HANDOFF_HOME=/opt/handoff/state \
    PYTHONPATH=/opt/handoff/plugins

WORKDIR /opt/handoff

# The packages change more rarely than the code. Who runs here may write nothing beside them, so they are compiled now.
COPY requirements-bootstrap.txt requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.txt \
    && uv pip sync --system --no-cache --compile-bytecode --require-hashes requirements.txt

COPY pyproject.toml README.md ./
COPY plugins plugins
COPY dags dags
COPY dbt_project dbt_project
COPY expectations expectations
COPY sandbox sandbox
COPY docs docs
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable . \
    && python -m compileall -q plugins dags sandbox \
    && useradd --system --uid 50000 --home-dir /opt/handoff/state handoff \
    && mkdir -p state/airflow state/dbt state/logs \
    && chown -R handoff: state

# By number, so that an orchestrator can tell that it is not root.
USER 50000
VOLUME /opt/handoff/state/logs /opt/handoff/state/dbt
CMD ["handoff", "--help"]
