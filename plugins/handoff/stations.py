"""One function per task: open what the station needs, run it, record its counts. The DAGs call these and no more."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from handoff import agreement, clock
from handoff.ledger import db, runs
from handoff.ledger.db import Connection

Counts = dict[str, Any]


def extract(run_id: str) -> Counts | None:
    """Land what changed; None when no lead is pending and no effect is due."""
    from handoff.clients.hubspot import HubSpotHook
    from handoff.extract import run as station

    with _recorded("extract", run_id) as (connection, counts), db.only_one(connection, "extract") as free:
        if not free:
            counts["skipped"] = "another process extracts"
            return None
        counts |= station.run(connection, HubSpotHook(), clock.now()).as_dict()
        due = connection.execute(
            "select count(*) as effects from handoff.outbox where state = 'pending' and not_before <= %s",
            (clock.now(),),
        ).fetchone()
        return counts if counts["pending"] or (due and due["effects"]) else None


def gate(run_id: str) -> Counts:
    """Judge the landed batch; a closed gate holds handoffs, never landings."""
    from handoff.extract import gate as station

    with _recorded("gate", run_id) as (connection, counts):
        batch_id = runs.batch_of(connection, run_id)
        if batch_id is not None:
            verdict = station.evaluate(connection, batch_id, clock.now())
            counts |= {"open": verdict.is_open, "reason": verdict.reason}
        return counts


def enrich(run_id: str) -> Counts:
    """Ask Apollo about the pending leads that need it."""
    from handoff.clients.apollo import ApolloHook
    from handoff.enrich import run as station

    with _recorded("enrich", run_id) as (connection, counts):
        counts |= station.run(connection, ApolloHook(), clock.now())
        return counts


def qualify(run_id: str) -> Counts:
    """Score and qualify the pending leads."""
    from handoff.qualify import run as station

    with _recorded("qualify", run_id) as (connection, counts):
        counts |= station.run(connection, clock.now())
        return counts


def route(run_id: str) -> Counts:
    """Hand the pending MQLs over."""
    from handoff.route import run as station

    with _recorded("route", run_id) as (connection, counts):
        batch_id = runs.batch_of(connection, run_id)
        if batch_id is not None:
            counts |= station.run(connection, batch_id, clock.now())
        return counts


def notify(run_id: str) -> Counts:
    """Send the messages that are due."""
    from handoff.notify.deliver import deliver

    with _recorded("notify", run_id) as (connection, counts):
        counts |= deliver(connection)
        return counts


def sync(run_id: str) -> Counts:
    """Write back to the CRM what is due."""
    from handoff.sync.writeback import write_back

    with _recorded("sync", run_id) as (connection, counts):
        counts |= write_back(connection, reasons=agreement.rejection_reasons(connection, clock.now()))
        return counts


def watch() -> Counts:
    """Stop and judge the clocks."""
    from handoff.watch import run as station

    with db.connect() as connection:
        return station.run(connection, clock.now())


def marts() -> Counts:
    """Rebuild and test the marts and the policies."""
    from handoff.review import run as station

    with db.connect() as connection:
        return station.build_marts(connection)


def review() -> Counts:
    """Post the week's counts."""
    from handoff.notify.deliver import deliver
    from handoff.review import run as station

    with db.connect() as connection:
        counts = station.run(connection, clock.now())
        return counts | deliver(connection)


@contextmanager
def _recorded(station: str, run_id: str) -> Iterator[tuple[Connection, Counts]]:
    """A connection and the station's counts, recorded on the run with its seconds, also when it fails half-way."""
    counts: Counts = {}
    began = time.monotonic()
    with db.connect() as connection:
        try:
            yield connection, counts
        finally:
            counts["seconds"] = round(time.monotonic() - began, 3)
            runs.record(connection, run_id, station, counts, clock.now())
