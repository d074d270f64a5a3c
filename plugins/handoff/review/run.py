"""The marts, and the weekly pack for the revenue meeting, posted in the review channel."""

from datetime import date, datetime
from typing import Any

from handoff import clock, connections
from handoff.ledger.db import Connection, connect, only_one
from handoff.qualify import dbt
from handoff.review import builds, publish

MARTS = "marts"


def build_marts(connection: Connection, as_of: datetime | None = None) -> dict[str, Any]:
    """Rebuild and test the marts and the policies, and show the marts to their readers, all at once.

    A policy that is not empty says something of the handoffs and nothing against the marts: they are shown, and it is
    raised then. When anything else fails, readers keep the marts that they have.

    Args:
        as_of: the moment to compute for; None for the present.

    Returns: counts of nodes by status, and the rows that changed by mart. How each model did, `builds` keeps.

    Raises:
        handoff.qualify.dbt.DbtFailed: a model failed, or a policy is not empty; the message names each.
        psycopg.errors.LockNotAvailable: somebody reads a mart whose shape is to change; the next build tries again.
    """
    with only_one(connection, dbt.lock_of(MARTS)) as free:
        if not free:
            return {"skipped": "another process builds the marts"}
        at = as_of or clock.now()
        try:
            result = dbt.invoke(connection, ["build"], selector=MARTS, as_of=as_of, locked=True)
        except dbt.DbtFailed as failure:
            if failure.result:
                builds.note(connection, failure.result, at)
                if {node.folder for node in failure.result.failed} <= {"policy"}:
                    _publish(failure.result, at)
            raise
        if result is None:
            return {}
        builds.note(connection, result, at)
        return _counts(result) | _publish(result, at)


def _publish(result: dbt.Result, at: datetime) -> dict[str, Any]:
    marts = [model for model in result.models if model.schema == publish.BUILD]
    with connect(connections.DBT) as owner:
        changed = publish.publish(owner, marts, at)
    return {"changed": {name: each.deleted + each.inserted for name, each in changed.items()}}


def _counts(result: dbt.Result) -> dict[str, Any]:
    statuses = list(result.statuses.values())
    return {"seconds": result.seconds} | {status: statuses.count(status) for status in sorted(set(statuses))}


def run(connection: Connection, as_of: datetime, week: date | None = None) -> dict[str, Any]:
    """Rebuild the marts and queue the pack of a week for the review channel, once however often it runs.

    Args:
        week: its Monday; None for the last whole week before `as_of`.
    """
    # Charts and print load slowly, and most forks of this module's process need neither.
    from handoff.agreement import source
    from handoff.review.pack import pack, posting

    last = connection.execute(_WEEK, {"at": as_of}).fetchone()
    if last is None:
        raise LookupError("seeds/agreement/company.csv has no row that is valid now: add one and load the agreement")
    week = week or last["week"]
    name = f"{week:%G-W%V}"
    if week <= last["week"] and last["is_before_go_live"]:
        return {"week": name, "queued": 0, "skipped": "the week ended before go-live"}
    if connection.execute("select from handoff.outbox where dedupe_key = %s", (posting.key(week),)).rowcount:
        return {"week": name, "queued": 0}
    build_marts(connection)
    document = pack.make(connection, source(), week, as_of)
    with connection.transaction():
        pack.keep(connection, week, document, as_of)
        return {"week": name, "queued": posting.post(connection, week, document, as_of)}


_WEEK = """
select previous.week_starts_on as week,
    (select min(live_at) from handoff.go_live) >= previous.ends_at as is_before_go_live
from (
    select
        (date_trunc('week', %(at)s at time zone company.time_zone) - interval '1 week')::date as week_starts_on,
        date_trunc('week', %(at)s at time zone company.time_zone) at time zone company.time_zone as ends_at
    from agreement.company as company
    where company.valid_from <= %(at)s and %(at)s < company.valid_to
) as previous
"""
