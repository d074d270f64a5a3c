"""What the stack is doing: its components, and the line's stations in counts from the ledger."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from handoff import clock, connections
from handoff.extract.overview import LATELY
from handoff.ledger import runs
from handoff.ledger.db import Connection, connect
from handoff.local import health, metadata, processes, supervisor
from handoff.local.state import Layout
from handoff.settings import settings
from handoff.vitals import troubles
from handoff.vitals.facts import Facts, look
from handoff.vitals.troubles import Limits


@dataclass(frozen=True)
class ComponentStatus:
    """One component; memory in MB of proportional set size, with everything that it forked."""

    name: str
    is_healthy: bool
    state: str
    pid: int | None
    uptime_s: int
    memory_mb: float


@dataclass(frozen=True)
class Status:
    """`stations` and `facts` are None when the database cannot be reached; `paused` are DAGs, which do nothing until
    unpaused; `wrong` are the runbook's ids, with their texts. Without a local stack there are no `components`;
    `paused` and `import_errors` are None where Airflow's metadata cannot be reached."""

    is_healthy: bool
    components: list[ComponentStatus]
    paused: list[str] | None
    import_errors: list[str] | None
    wrong: dict[str, str]
    is_down: bool
    """Nothing gets through."""
    facts: Facts | None
    stations: dict[str, Any] | None

    @property
    def exit_code(self) -> int:
        """0 all is well, 1 something needs a person, 2 nothing gets through."""
        return 0 if self.is_healthy else 2 if self.is_down else 1

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read(where: Layout | None) -> Status:
    """Look at everything once; takes about a second.

    Args:
        where: the local stack; None where somebody else holds the processes, as Compose does.
    """
    components = _components(where) if where else []
    dags = metadata.dags()
    paused, import_errors = (dags.paused, dags.import_errors) if dags else (None, None)
    facts, limit = look(), troubles.limits()
    found = troubles.of(facts, limit) + (troubles.failing(dags, limit) if dags else [])
    wrong = {each.id: each.text for each in found if each.id != "canary-never" or not _is_new(facts, limit)}
    return Status(
        is_healthy=not (wrong or paused or import_errors) and all(each.is_healthy for each in components),
        components=components,
        paused=paused,
        import_errors=import_errors,
        wrong=wrong,
        is_down=troubles.state(found) == "down" or bool(where and not any(each.is_healthy for each in components)),
        facts=facts,
        stations=_stations(),
    )


def _is_new(facts: Facts | None, limit: Limits) -> bool:
    """Whether no task can be asked for yet: a load lasts a while, and so does the scheduler's first start after it."""
    return facts is None or facts.loaded_s is None or facts.loaded_s <= limit.load_s + limit.canary_s


def _components(where: Layout) -> list[ComponentStatus]:
    airflow = health.airflow(settings())
    asked = {"sandbox": health.sandbox, supervisor.BI: health.superset}
    components = []
    for each in supervisor.components(where):
        runs = each.state == "RUNNING"
        ask = asked.get(each.name)
        answers = runs and ask(settings()) if ask else airflow.get(each.name, True)
        components.append(
            ComponentStatus(
                name=each.name,
                is_healthy=runs and answers,
                state=each.state,
                pid=each.pid,
                uptime_s=each.uptime_s,
                memory_mb=round(processes.memory_mb(processes.of(where, each.name)) if each.pid else 0.0, 1),
            )
        )
    return components


def _stations() -> dict[str, Any] | None:
    try:
        with connect() as connection:
            return stations(connection)
    except (psycopg.OperationalError, connections.MissingConnection):
        return None


def stations(connection: Connection) -> dict[str, Any]:
    """Counts per station, the gates' state, the last run's note and the last handoffs' latencies."""
    # One statement over everything, so that the numbers fit together.
    row = connection.execute(
        """
        select
            (select coalesce(sum((counts ->> 'landed')::bigint), 0) from raw.batches)::bigint as landed,
            (select count(*) from raw.quarantine where released_at is null) as quarantined,
            (
                select coalesce(jsonb_object_agg(kind, missed), '{}')
                from (
                    select kind, sum(missed) as missed from handoff.passes
                    where kind <> 'backfill' and finished_at > %s group by kind
                ) as lately
            ) as missed,
            (select coalesce(jsonb_object_agg(stream, reason), '{}') from handoff.lacks) as lacks,
            (select count(*) from handoff.inbox where processed_at is null) as inbox,
            (select count(*) from handoff.pending_leads) as pending,
            (select count(*) from handoff.handoffs) as handed_off,
            (
                select coalesce(jsonb_object_agg(kind, states), '{}')
                from (
                    select kind, jsonb_object_agg(state, number) as states
                    from (select kind, state, count(*) as number from handoff.outbox group by kind, state) as counted
                    group by kind
                ) as kinds
            ) as outbox,
            (
                select coalesce(jsonb_object_agg(gate, verdict), '{}')
                from (
                    select distinct on (gate) gate, jsonb_build_object('is_open', is_open, 'reason', reason) as verdict
                    from handoff.gates order by gate, gate_id desc
                ) as newest
            ) as gates,
            (
                select to_jsonb(run) from (
                    select run_id, started_at, finished_at, note
                    from handoff.line_runs order by started_at desc limit 1
                ) as run
            ) as last_run
        """,
        (clock.now() - LATELY,),
    ).fetchone()
    assert row is not None
    return {**row, "qualified": _qualified(connection), "latency": runs.latency(connection)}


def _qualified(connection: Connection) -> dict[str, int]:
    """Leads by decision, as the models last computed them; empty before the first run."""
    exists = connection.execute("select to_regclass('line.int_qualifications') is not null as yes").fetchone()
    if not exists or not exists["yes"]:
        return {}
    rows = connection.execute("select decision, count(*) as leads from line.int_qualifications group by decision")
    return {row["decision"]: row["leads"] for row in rows}


def cpu_percent(where: Layout, seconds: float) -> float:
    """Share of one core that the stack uses, measured over `seconds`; forks that ended meanwhile are not counted."""
    before = {process.pid: sum(process.cpu_times()[:2]) for process in processes.of(where)}
    time.sleep(seconds)
    after = {process.pid: sum(process.cpu_times()[:2]) for process in processes.of(where) if process.pid in before}
    return 100 * sum(after[pid] - before[pid] for pid in after) / seconds
