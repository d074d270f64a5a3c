"""One function per task: open what the station needs, run it, record its counts. The DAGs call these and no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from handoff import agreement, clock
from handoff.ledger import db, heartbeats, runs
from handoff.station_runs import Counts, in_background, recorded


def extract(run_id: str) -> Counts | None:
    """Land what changed; None when no lead is pending and no effect is due."""
    from handoff.clients.hubspot import HubSpotHook
    from handoff.extract import run as station

    with recorded("extract", run_id) as (connection, counts), db.only_one(connection, "extract") as free:
        if not free:
            counts["skipped"] = "another process extracts"
            return None
        counts |= station.run(connection, HubSpotHook(), clock.now()).as_dict()
        due = connection.execute(
            "select count(*) as effects from handoff.outbox where state = 'pending' and not_before <= %s",
            (clock.now(),),
        ).fetchone()
        return counts if counts["pending"] or (due and due["effects"]) else None


def settle() -> Counts:
    """Read again, up to where the CRM's index must be complete; the counts say what the fast pass missed."""
    from handoff.extract import settle as station

    return in_background("settle", station.run)


def sweep() -> Counts:
    """Hold the CRM's whole lists against `raw`, repair, and count what all other passes missed."""
    from handoff.extract import sweep as station

    return in_background("sweep", station.run)


def backfill(since: datetime | None = None) -> Counts:
    """Load history, from the beginning or from a moment on; goes on where an earlier one was stopped."""
    from handoff.extract import backfill as station
    from handoff.extract.window import BEGINNING

    return in_background("settle", partial(station.run, since=since or BEGINNING))


def gate(run_id: str) -> Counts:
    """Judge the landed batch, and again what is closed; a closed gate holds handoffs, never landings."""
    from handoff.extract import gate as station
    from handoff.gates import run as others

    with recorded("gate", run_id) as (connection, counts):
        batch_id = runs.batch_of(connection, run_id)
        if batch_id is not None:
            verdict = station.evaluate(connection, batch_id, clock.now())
            counts |= {"open": verdict.is_open, "reason": verdict.reason}
            others.again(connection, clock.now())
        return counts


def gates() -> Counts:
    """Judge volume, freshness, drift, distributions and queues, and say what is new of it."""
    from handoff.gates import run as station

    with db.connect() as connection:
        return station.run(connection, clock.now())


def enrich(run_id: str) -> Counts:
    """Ask Apollo about the pending leads that need it."""
    from handoff.clients.apollo import ApolloHook
    from handoff.enrich import run as station

    with recorded("enrich", run_id) as (connection, counts):
        counts |= station.run(connection, ApolloHook(), clock.now())
        return counts


def enrich_late() -> Counts:
    """Ask Apollo again what it had not answered in time; leads that are known better now are decided again."""
    from handoff.clients.apollo import ApolloHook
    from handoff.enrich import run as station

    with db.connect() as connection, db.only_one(connection, "enrich_late") as free:
        return station.late(connection, ApolloHook(), clock.now()) if free else {"skipped": "another process asks"}


def qualify(run_id: str) -> Counts:
    """Score and qualify the pending leads."""
    from handoff.qualify import run as station

    with recorded("qualify", run_id) as (connection, counts):
        counts |= station.run(connection, clock.now())
        return counts


def route(run_id: str) -> Counts:
    """Hand the pending MQLs over."""
    from handoff.route import run as station

    with recorded("route", run_id) as (connection, counts):
        batch_id = runs.batch_of(connection, run_id)
        if batch_id is not None:
            counts |= station.run(connection, batch_id, clock.now())
        return counts


def flood() -> Counts | None:
    """What a person is to be asked about MQLs that are held; None when there is nothing to ask."""
    from handoff.route import flood as breaker

    with db.connect() as connection:
        found = breaker.current(connection)
    return {"flood_id": found.flood_id, "subject": found.subject, "body": found.body} if found else None


def answer_flood(flood_id: int, chosen: str, who: str) -> Counts:
    """Act on a person's choice, `Release` or `Drop`; anything else leaves the question open."""
    from handoff.route import flood as breaker

    said = breaker.CHOICES.get(chosen)
    if said is None:
        return {"open": flood_id}
    with db.connect() as connection:
        try:
            breaker.answer(connection, flood_id, said, who, clock.now())
        except breaker.NothingToAnswer as late:
            return {"ignored": str(late)}
        return {said: flood_id}


def notify(run_id: str) -> Counts:
    """Send the messages that are due."""
    from handoff.notify.deliver import deliver

    with recorded("notify", run_id) as (connection, counts):
        counts |= deliver(connection, news_since=runs.read_at(connection, run_id))
        return counts


def sync(run_id: str) -> Counts:
    """Write back to the CRM what is due."""
    from handoff.sync.tasks import keep
    from handoff.sync.writeback import write_back

    with recorded("sync", run_id) as (connection, counts):
        counts |= write_back(connection, reasons=agreement.rejection_reasons(connection, clock.now()))
        counts |= keep(connection)
        return counts


def watch() -> Counts:
    """Stop and judge the clocks."""
    from handoff.watch import run as station

    with db.connect() as connection:
        return station.run(connection, clock.now())


def canary() -> Counts:
    """Note that a task still gets from the schedule to the ledger, and how far this machine's clock is from Postgres'.

    What looks on is outside of Airflow, and on another machine perhaps. The beat is in Postgres' time: a clock that is
    slow is no scheduler that is dead.
    """
    from handoff.vitals.facts import skew

    with db.connect() as connection:
        ahead_s = skew(connection)
        at = clock.now() - timedelta(seconds=ahead_s)
        heartbeats.beat(connection, heartbeats.CANARY, at)
        heartbeats.note_skew(connection, ahead_s, at)
    return {"clock_skew_s": ahead_s}


def marts() -> Counts:
    """Rebuild and test the marts and the policies."""
    from handoff.review import run as station

    with db.connect() as connection:
        return station.build_marts(connection)


def documentation() -> Counts:
    """Write dbt's page about the models, when it is older than the agreement that was loaded last."""
    from handoff.qualify import dbt

    return {"written": int(dbt.document(only_if_new=True))}


def review(week: str | None = None) -> Counts:
    """Post the pack of a week such as `2026-W07`, or of the last whole one.

    Raises:
        ValueError: there is no such week, or it is not over.
        handoff.qualify.dbt.DbtFailed: a model failed.
        handoff.review.run.NotNow: the marts cannot be built at this moment.
    """
    from handoff.notify.deliver import deliver
    from handoff.review import run as station
    from handoff.review.pack.figures import week_of

    with db.connect() as connection:
        counts = station.run(connection, clock.now(), week_of(week) if week else None)
        return counts | deliver(connection)
