"""The week's counts for the revenue meeting, from the marts, as one message in the review channel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handoff import clock, connections
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row, connect, only_one
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


def run(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Rebuild the marts and queue the message about the last whole week before `as_of`, once however often it runs."""
    week = connection.execute(_WEEK, {"at": as_of}).fetchone()
    if week is None:
        raise LookupError("seeds/agreement/company.csv has no row that is valid now: add one and load the agreement")
    name = f"{week['week']:%G-W%V}"
    if week["is_before_go_live"]:
        return {"week": name, "queued": 0, "skipped": "the week ended before go-live"}
    key = f"slack_review:{name}"
    if connection.execute("select from handoff.outbox where dedupe_key = %s", (key,)).rowcount:
        return {"week": name, "queued": 0}
    build_marts(connection)
    report = connection.execute(
        "select * from marts.rpt_weekly_review where week_starts_on = %s", (week["week"],)
    ).fetchone()
    row = {"iso_week": None, **(report or {}), "week": week["week"]}
    shadows = connection.execute(
        "select * from marts.rpt_shadow_definitions where week_starts_on = %s order by product_id, definition_id",
        (row["week"],),
    ).fetchall()
    channel = connections.get(connections.SLACK).extra.get("review_channel", "#revenue-review")
    queued = outbox.put(
        connection,
        outbox.Effect(
            dedupe_key=key,
            kind="slack_review",
            payload={"channel": channel, "text": text(row, shadows), "blocks": None},
            created_at=as_of,
        ),
    )
    return {"week": name, "queued": queued}


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


def text(row: Row, shadows: Sequence[Row] = ()) -> str:
    """The week in a few lines; a week without a row had no lead that did anything.

    Args:
        shadows: the week's rows of `rpt_shadow_definitions`.
    """
    title = f"*Revenue review, week {row['week']:%V} of {row['week']:%G}*"
    if row["iso_week"] is None:
        return f"{title}\nNothing happened: no lead acted, none was handed over."
    return "\n".join(
        (
            title,
            f"{row['leads_touched']} leads acted, {row['mqls']} became MQLs, {row['handed_off']} were handed over.",
            f"Sales: {row['contacted']} contacted, {row['within_sla']} in time, {row['breached']} too late. "
            + _kept("SLA attainment", row["sla_attainment"], row["sla_attainment_target"]),
            f"Marketing: {row['accepted']} accepted, {row['rejected']} rejected. "
            + _kept("Acceptance", row["acceptance_rate"], row["acceptance_rate_target"]),
            *(
                f"Shadow {each['definition_id']} {each['definition_version']}: {each['shadow_mqls']} MQLs beside "
                f"{each['live_mqls']} live, {each['both_mqls']} of both."
                for each in shadows
            ),
        )
    )


def _kept(name: str, share: Any, target: Any) -> str:
    if share is None:
        return f"{name}: nothing to measure yet."
    said = f"{name} {float(share):.0%}"
    if target is None:
        return f"{said}, no commitment in force."
    return f"{said} of the {float(target):.0%} committed: {'kept' if share >= target else 'missed'}."
