"""What each run of the line did, and the note that says it in the Airflow UI."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection

LATENCY_SAMPLE = 100
"""The p95 in the note is over this many of the newest handoffs."""


def record(connection: Connection, run_id: str, station: str, counts: Mapping[str, Any], as_of: datetime) -> None:
    """Add a station's counts to its run and bring the run's note up to date."""
    row = connection.execute(
        """insert into handoff.line_runs (run_id, started_at, finished_at, counts)
        values (%(run)s, %(at)s, %(at)s, %(counts)s)
        on conflict (run_id) do update
            set counts = line_runs.counts || excluded.counts, finished_at = excluded.finished_at
        returning counts""",
        {"run": run_id, "at": as_of, "counts": Jsonb({station: dict(counts)})},
    ).fetchone()
    assert row is not None
    connection.execute(
        "update handoff.line_runs set note = %s where run_id = %s", (note(row["counts"], latency(connection)), run_id)
    )


def batch_of(connection: Connection, run_id: str) -> int | None:
    """The batch that the run's extraction landed; None when it has not extracted."""
    row = connection.execute(
        "select (counts -> 'extract' ->> 'batch_id')::bigint as batch_id from handoff.line_runs where run_id = %s",
        (run_id,),
    ).fetchone()
    return row["batch_id"] if row else None


def read_at(connection: Connection, run_id: str) -> datetime | None:
    """When the run's extraction looked into the inbox; None when it has not extracted."""
    row = connection.execute(
        "select started_at from raw.batches where batch_id = %s", (batch_of(connection, run_id),)
    ).fetchone()
    return row["started_at"] if row else None


def note_of(connection: Connection, run_id: str) -> str | None:
    """The note of a run; None when it wrote none."""
    row = connection.execute("select note from handoff.line_runs where run_id = %s", (run_id,)).fetchone()
    return row["note"] if row else None


def latency(connection: Connection) -> dict[str, Any]:
    """Seconds from the lead's act to the rep's message, over the newest handoffs: n, p50_s, p95_s."""
    row = connection.execute(
        """select count(*) as n,
            percentile_cont(0.5) within group (order by seconds) as p50_s,
            percentile_cont(0.95) within group (order by seconds) as p95_s
        from (
            select extract(epoch from message.sent_at - handoff.event_at) as seconds
            from handoff.outbox as message inner join handoff.handoffs as handoff using (handoff_id)
            where message.kind = 'slack_dm' and message.state = 'sent'
            order by message.sent_at desc limit %s
        ) as newest""",
        (LATENCY_SAMPLE,),
    ).fetchone()
    assert row is not None
    return {
        "n": row["n"],
        "p50_s": None if row["p50_s"] is None else round(float(row["p50_s"]), 2),
        "p95_s": None if row["p95_s"] is None else round(float(row["p95_s"]), 2),
    }


def note(counts: Mapping[str, Mapping[str, Any]], latency: Mapping[str, Any]) -> str:
    """One line, such as "3 changed, 1 MQL, 1 notified, p95 3.1 s"."""
    extract, route = counts.get("extract", {}), counts.get("route", {})
    words = [f"{extract.get('changed', 0)} changed"]
    if extract.get("quarantined"):
        words.append(f"{extract['quarantined']} quarantined")
    if extract.get("unread"):
        words.append(f"not read: {' '.join(extract['unread'])}")
    if route.get("mqls") or route.get("held"):
        mqls = route.get("mqls") or route.get("held")
        words.append(f"{mqls} MQL" + ("s" if mqls != 1 else ""))
    if route.get("held"):
        words.append(f"{route['held']} held: {route['reason']}")
    if route.get("withdrawn"):
        words.append(f"{route['withdrawn']} withdrawn")
    if route.get("stuck"):
        words.append(f"{route['stuck']} stuck without a rep")
    for station, count, said in (("notify", "reps", "notified"), ("sync", "written", "written to the CRM")):
        if counts.get(station, {}).get(count):
            words.append(f"{counts[station][count]} {said}")
        if counts.get(station, {}).get("dead"):
            words.append(f"{counts[station]['dead']} {station} effects given up")
    if latency.get("p95_s") is not None:
        words.append(f"p95 {latency['p95_s']:.1f} s")
    return ", ".join(words)
