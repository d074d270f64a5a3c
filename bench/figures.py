"""Figures of a benchmark, read from the ledger: what a message took, station by station."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handoff.ledger.db import Connection

STATIONS = ("received", "extracted", "qualified", "routed", "sent")
"""Moments of a handoff after its event, in order; a bar is the time from the one before. A poll has no `received`."""
WORK = ("extract", "gate", "enrich", "qualify", "models", "route", "notify", "sync")
TARGETS = {
    "webhook_p50_s": 3.0,
    "webhook_p95_s": 5.0,
    "poll_over_interval_s": 5.0,
    "idle_run_s": 1.0,
    "memory_mb": 2500,
}


def percentile(values: Sequence[float], share: float) -> float | None:
    """With linear interpolation, as `percentile_cont`; None of no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def summary(values: Sequence[float]) -> dict[str, Any]:
    """n, p50, p95 and the largest, in seconds rounded to hundredths."""
    found = {"p50_s": percentile(values, 0.5), "p95_s": percentile(values, 0.95), "max_s": max(values, default=None)}
    return {"n": len(values)} | {name: None if value is None else round(value, 2) for name, value in found.items()}


def handoffs(connection: Connection, lead_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The ledger's moments of each lead's first message, oldest first; only of messages that were sent.

    Whoever takes over a lead that nobody has called is told, too, when the first rep's time is over.
    """
    return connection.execute(
        """select handoff.lead_id, handoff.handoff_id, handoff.event_at, handoff.received_at, handoff.extracted_at,
            handoff.qualified_at, handoff.routed_at, message.sent_at
        from handoff.handoffs as handoff
        inner join lateral (
            select sent_at from handoff.outbox
            where handoff_id = handoff.handoff_id and kind = 'slack_dm' order by outbox_id limit 1
        ) as message on message.sent_at is not null
        where handoff.lead_id = any(%s) order by handoff.event_at""",
        (list(lead_ids),),
    ).fetchall()


def totals(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds from each event to its message."""
    return [_seconds(row["event_at"], row["sent_at"]) for row in rows]


def stations(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each moment, the seconds since the one before; moments that no row has are left out."""
    bars: dict[str, list[float]] = {}
    for row in rows:
        before = row["event_at"]
        for station in STATIONS:
            moment = row[f"{station}_at"]
            if moment is not None:
                bars.setdefault(station, []).append(_seconds(before, moment))
                before = moment
    return {station: summary(bars[station]) for station in STATIONS if station in bars}


def work(connection: Connection, since: datetime) -> dict[str, dict[str, Any]]:
    """Seconds that each station itself worked, in the runs that handed somebody over; `models` is SQL in qualify."""
    rows = connection.execute(
        """with handed_over as (
            select counts from handoff.line_runs
            where started_at >= %s and (counts -> 'route' ->> 'handed_off')::int > 0
        )
        select station.key as station, (station.value ->> 'seconds')::float as seconds
        from handed_over cross join jsonb_each(handed_over.counts) as station
        union all
        select 'models', (counts -> 'qualify' ->> 'models_s')::float from handed_over""",
        (since,),
    ).fetchall()
    return {
        name: summary([row["seconds"] for row in rows if row["station"] == name and row["seconds"] is not None])
        for name in WORK
    }


def idle_runs(connection: Connection, since: datetime) -> dict[str, Any]:
    """Seconds of work in runs that found nothing new."""
    rows = connection.execute(
        """select (counts -> 'extract' ->> 'seconds')::float as seconds from handoff.line_runs
        where started_at >= %s and counts -> 'extract' ->> 'landed' = '0'
        and counts -> 'extract' ->> 'pending' = '0' and not counts ? 'route'""",
        (since,),
    ).fetchall()
    return summary([row["seconds"] for row in rows])


def missed(found: dict[str, Any]) -> list[str]:
    """The targets that were not met, each with by how much."""
    over = found["poll"]["interval_s"] + TARGETS["poll_over_interval_s"]
    measured = {
        "webhook p50": (found["webhook"]["p50_s"], TARGETS["webhook_p50_s"], "s"),
        "webhook p95": (found["webhook"]["p95_s"], TARGETS["webhook_p95_s"], "s"),
        "poll p95": (found["poll"]["p95_s"], over, "s"),
        "work of an idle run, p95": (found["idle"]["run"]["p95_s"], TARGETS["idle_run_s"], "s"),
        "idle memory": (found["idle"]["memory_mb"], TARGETS["memory_mb"], "MB"),
    }
    return [
        f"{name}: {value} {unit}, {value - target:.2f} {unit} over {target:g}"
        for name, (value, target, unit) in measured.items()
        if value is not None and value > target
    ]


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
