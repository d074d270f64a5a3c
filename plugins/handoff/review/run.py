"""The marts, and the weekly pack for the revenue meeting, posted in the review channel."""

from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from handoff import clock, connections
from handoff.ledger.db import Connection, connect, only_one
from handoff.qualify import dbt, loads
from handoff.review import builds, publish, stale

MARTS, POLICY = "marts", "policy"
BUSY = "another process builds the marts"
LOADED = "the agreement was loaded while the marts were built: run it again"
READ = "somebody reads a mart whose shape is to change: run it again when their query has ended"
PATIENCE = timedelta(minutes=5)
"""How long the pack waits for a build of the marts that began in the same minute."""


class NotNow(RuntimeError):
    """The marts cannot be built at this moment; the message says why, and what to do about it."""


def build_marts(connection: Connection, as_of: datetime | None = None, wait: timedelta | None = None) -> dict[str, Any]:
    """Rebuild and test the marts and the policies, and show the marts to their readers, all at once.

    A policy that is not empty says something of the handoffs and nothing against the marts: they are shown, and it is
    raised then. When anything else fails, readers keep the marts that they have, and so they do while a load of the
    agreement has not ended, and when one began or ended during the build, whose figures may be of no one agreement.

    Args:
        as_of: the moment to compute for; None for the present.
        wait: how long to wait for another process that builds them; None leaves it to that one.

    Returns: counts of nodes by status, and the rows that changed by mart; or why nothing was shown, as `skipped`. How
        each model did, `builds` keeps.

    Raises:
        handoff.qualify.dbt.DbtFailed: a model failed, or a policy is not empty; the message names each.
        psycopg.errors.LockNotAvailable: somebody reads a mart whose shape is to change; the next build tries again.
    """
    with only_one(connection, dbt.lock_of(MARTS), wait=wait) as free:
        if not free:
            return {"skipped": BUSY}
        if loads.is_unfinished(connection):
            return {"skipped": loads.UNFINISHED}
        before = loads.newest(connection)
        at = as_of or clock.now()
        stale.note_due(connection, at)
        try:
            result = dbt.invoke(connection, ["build"], selector=MARTS, as_of=as_of, locked=True)
        except dbt.DbtFailed as failure:
            if failure.result:
                builds.note(connection, failure.result, at)
                if _is_policy_alone(failure.result):
                    if why := _loaded_since(connection, before):
                        return {"skipped": why}
                    _publish(connection, failure.result, at)
            raise
        if result is None:
            return {}
        builds.note(connection, result, at)
        if why := _loaded_since(connection, before):
            return {"skipped": why}
        return _counts(result) | _publish(connection, result, at)


def _loaded_since(connection: Connection, before: loads.Load | None) -> str | None:
    """Why what was built since a load is not to be shown: seeds may have been replaced between two models of it."""
    if loads.is_unfinished(connection):
        return loads.UNFINISHED
    return None if loads.newest(connection) == before else LOADED


def _is_policy_alone(result: dbt.Result) -> bool:
    return {node.folder for node in result.failed} <= {POLICY}


def _publish(connection: Connection, result: dbt.Result, at: datetime) -> dict[str, Any]:
    marts = [model for model in result.models if model.schema == publish.BUILD]
    with connect(connections.DBT) as owner:
        changed = publish.publish(owner, marts, at)
    moved = stale.settle(connection)
    return {"moved_leads": moved, "changed": {name: each.deleted + each.inserted for name, each in changed.items()}}


def _counts(result: dbt.Result) -> dict[str, Any]:
    statuses = list(result.statuses.values())
    return {"seconds": result.seconds} | {status: statuses.count(status) for status in sorted(set(statuses))}


def run(connection: Connection, as_of: datetime, week: date | None = None) -> dict[str, Any]:
    """Rebuild the marts and queue the pack of a week for the review channel, once however often it runs.

    Args:
        week: its Monday; None for the last whole week before `as_of`.

    Raises:
        ValueError: the week is not over.
        handoff.qualify.dbt.DbtFailed: a model failed.
        NotNow: another process has been building the marts for too long, or a load of the agreement has not ended, or
            began or ended meanwhile, or a mart whose shape is to change is being read.
    """
    # Charts and print load slowly, and most forks of this module's process need neither.
    from handoff.agreement import source
    from handoff.review.pack import pack, posting
    from handoff.review.pack.tried import tried

    last = last_week(connection, as_of)
    week = week or last
    name = f"{week:%G-W%V}"
    if week > last:
        raise ValueError(f"{name} is not over yet: a pack is kept as it is posted, so post it when it is")
    if not _is_live_by(connection, as_of, week):
        return {"week": name, "queued": 0, "skipped": "the week ended before go-live"}
    if connection.execute("select from handoff.outbox where dedupe_key = %s", (posting.key(week),)).rowcount:
        return {"week": name, "queued": 0}
    _build_for_pack(connection)
    document = pack.make(connection, source(), week, as_of, tried)
    with connection.transaction():
        pack.keep(connection, week, document, as_of)
        return {"week": name, "queued": posting.post(connection, week, document, as_of)}


def last_week(connection: Connection, as_of: datetime) -> date:
    """The Monday of the last whole week, in the company's time zone.

    Raises:
        LookupError: nobody says what that zone is.
    """
    row = connection.execute(_WEEK, {"at": as_of}).fetchone()
    if row is None:
        raise LookupError("seeds/agreement/company.csv has no row that is valid now: add one and load the agreement")
    monday: date = row["week"]
    return monday


def _is_live_by(connection: Connection, as_of: datetime, week: date) -> bool:
    """Whether any product was live before a week ended in the company's time zone."""
    row = connection.execute(_GO_LIVE, {"at": as_of, "week": week}).fetchone()
    return bool(row and row["is_live"])


def _build_for_pack(connection: Connection) -> None:
    """Build the marts; a broken policy is told in the pack, and holds it back no more than it does the marts.

    A pack is kept as it was posted, so none is made of marts that could not be built now.
    """
    try:
        counts = build_marts(connection, wait=PATIENCE)
    except dbt.DbtFailed as failure:
        if not failure.result or not _is_policy_alone(failure.result):
            raise
        return
    except psycopg.errors.LockNotAvailable as busy:
        raise NotNow(READ) from busy
    if "skipped" in counts:
        raise NotNow(f"{BUSY} for more than {PATIENCE}" if counts["skipped"] == BUSY else counts["skipped"])


_WEEK = """
select (date_trunc('week', %(at)s at time zone company.time_zone) - interval '1 week')::date as week
from agreement.company as company
where company.valid_from <= %(at)s and %(at)s < company.valid_to
"""
_GO_LIVE = """
select coalesce(
    (select min(live_at) from handoff.go_live) < (%(week)s::date + 7)::timestamp at time zone company.time_zone, false
) as is_live
from agreement.company as company
where company.valid_from <= %(at)s and %(at)s < company.valid_to
"""
