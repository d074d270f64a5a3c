"""The facts by which the line is judged, in one look at the ledger; used by status, health, metrics and watchdog."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from handoff import clock, connections
from handoff.ledger.db import Connection
from handoff.ledger.heartbeats import CANARY, LATELY, WATCH, WORKER
from handoff.ledger.streams import CONTACTS

PATIENCE_S = 3
"""For connecting, and for the statement: who asks must be able to say that the ledger does not answer."""
GIVEN_UP_FOR = timedelta(days=1)
"""How long an effect that was given up counts as trouble: the review channel has been told of it, and nothing else
would ever end it."""


@dataclass(frozen=True)
class Effects:
    """One kind of effect: how many wait, for how many seconds the oldest due one has, how many were tried and given up
    within `GIVEN_UP_FOR`; what was taken back on purpose is none of them."""

    pending: int
    oldest_due_s: float
    dead: int


@dataclass(frozen=True)
class Facts:
    """All ages are in seconds, 0 where nothing waits."""

    as_of: datetime
    canary_age_s: float | None
    """None before the first one."""
    pending: int
    lead_age_s: float
    """Of the oldest lead that waits for the line; one that is held for a reason of its own is not counted."""
    held: int
    inbox: int
    inbox_age_s: float
    quarantined: int
    open_floods: int
    outbox: dict[str, Effects]
    gates: dict[str, bool]
    """Gate → open."""
    watermark_age_s: dict[str, float]
    """Stream → since the moment up to which nothing of it is missing."""
    ingest_age_s: float | None
    """Since the moment up to which the fast pass has seen contacts; None before the first pass."""
    watch_age_s: float | None = None
    """Since the watch has done all that was due; None before the first time."""
    worker_skew_s: float = 0.0
    """The largest that a task has lately found between its machine's clock and Postgres'."""
    unfinished_load_s: float = 0.0
    """Since a load of the agreement began that has not ended; 0 when there is none."""
    loaded_s: float | None = None
    """Since the agreement was first loaded, which is when the line may begin; None before that."""
    clock_skew_s: float = 0.0
    """By how much this process's clock is ahead of Postgres', beyond what the question itself took."""

    @property
    def dead(self) -> int:
        """Effects that were given up lately, of all kinds."""
        return sum(each.dead for each in self.outbox.values())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def look() -> Facts | None:
    """Connect and read; None when the ledger does not answer within a few seconds."""
    try:
        with psycopg.connect(
            connections.get(connections.DB).dsn,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=PATIENCE_S,
            application_name="handoff vitals",
            options=f"-c timezone=UTC -c statement_timeout={PATIENCE_S}s",
        ) as connection:
            found = read(connection, clock.now())
            return replace(found, clock_skew_s=skew(connection))
    except (psycopg.Error, connections.MissingConnection):
        return None


def skew(connection: Connection) -> float:
    """By how many seconds this process's clock is ahead of Postgres'; 0 while they may agree."""
    before = clock.now()
    row = connection.execute("select clock_timestamp() as at").fetchone()
    after = clock.now()
    assert row is not None
    theirs: datetime = row["at"]
    return (min(max(before, theirs), after) - theirs).total_seconds()


def read(connection: Connection, as_of: datetime) -> Facts:
    """All facts in one statement, so that they fit together."""
    named = {
        "at": as_of,
        "canary": CANARY,
        "watch": WATCH,
        "worker": WORKER,
        "lately": as_of - 2 * LATELY,
        "since": as_of - GIVEN_UP_FOR,
        "contacts": CONTACTS.name,
    }
    row = connection.execute(_FACTS, named).fetchone()
    assert row is not None
    effects = {kind: Effects(**each) for kind, each in row.pop("outbox").items()}
    return Facts(as_of=as_of, outbox=effects, **row)


_FACTS = """
select
    (
        select extract(epoch from %(at)s - beat_at)::float from handoff.heartbeats where name = %(canary)s
    ) as canary_age_s,
    (
        select extract(epoch from %(at)s - beat_at)::float from handoff.heartbeats where name = %(watch)s
    ) as watch_age_s,
    coalesce((
        select clock_skew_s from handoff.heartbeats where name = %(worker)s and beat_at > %(lately)s
    ), 0)::float as worker_skew_s,
    pending.*,
    inbox.*,
    (select count(*) from raw.quarantine where released_at is null) as quarantined,
    (select count(*) from handoff.floods where answer is null) as open_floods,
    (
        select coalesce(jsonb_object_agg(kind, to_jsonb(counted) - 'kind'), '{}') from (
            select kind, count(*) filter (where state = 'pending') as pending,
                coalesce(greatest(extract(epoch from %(at)s - min(not_before) filter (where state = 'pending')), 0), 0)
                as oldest_due_s,
                count(*) filter (where state = 'dead') as dead
            from handoff.outbox
            where state = 'pending' or (state = 'dead' and last_attempt_at > %(since)s) group by kind
        ) as counted
    ) as outbox,
    (
        select coalesce(jsonb_object_agg(gate, is_open), '{}')
        from (select distinct on (gate) gate, is_open from handoff.gates order by gate, gate_id desc) as newest
    ) as gates,
    (
        select coalesce(jsonb_object_agg(stream, extract(epoch from %(at)s - watermark)), '{}')
        from handoff.cursors where watermark is not null
    ) as watermark_age_s,
    (
        select extract(epoch from %(at)s - seen_until)::float from handoff.cursors where stream = %(contacts)s
    ) as ingest_age_s,
    (
        select coalesce(extract(epoch from %(at)s - min(began_at)), 0)::float from handoff.unfinished_loads
    ) as unfinished_load_s,
    (select extract(epoch from %(at)s - min(loaded_at))::float from handoff.loads) as loaded_s
from (
    select count(*) as pending,
        coalesce(extract(epoch from %(at)s - min(coalesce(received_at, extracted_at)) filter (
            where wakes and held_because is null
        )), 0)::float as lead_age_s,
        count(*) filter (where held_because is not null) as held
    from handoff.pending_leads
) as pending
cross join (
    select count(*) as inbox, coalesce(extract(epoch from %(at)s - min(received_at)), 0)::float as inbox_age_s
    from handoff.inbox where processed_at is null
) as inbox
"""
