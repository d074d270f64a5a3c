"""Whose turn it is, and how much each rep has: read from the ledger's assignments, which keep both."""

from collections.abc import Iterable
from datetime import datetime

from psycopg import sql

from handoff.ledger.db import Connection, Row
from handoff.route.assign import Burden, Candidate, Credits
from handoff.route.contexts import Where


def credits(connection: Connection, candidates: Iterable[Candidate], before: Row | None = None) -> Credits:
    """What the members of the candidates' pools are owed.

    Args:
        before: as it was before this row of `handoff.assignments`.
    """
    rows = connection.execute(
        """select pool.id as pool_id, newest.credits
        from unnest(%(pools)s::text[]) as pool (id)
        cross join lateral (
            select credits from handoff.assignments as assignment
            where assignment.pool_id = pool.id and credits is not null
            and (%(before)s::bigint is null or assignment_id < %(before)s)
            order by assignment_id desc limit 1
        ) as newest""",
        {"pools": sorted({each.pool_id for each in candidates if each.pool_id}), "before": _id(before)},
    )
    return {row["pool_id"]: row["credits"] for row in rows}


def burdens(
    connection: Connection, candidates: Iterable[Candidate], as_of: datetime, where: Where, before: Row | None = None
) -> dict[str, Burden]:
    """What each candidate has at a moment, by rep.

    Args:
        before: as it was before this row of `handoff.assignments`.
    """
    rows = connection.execute(
        sql.SQL(_BURDENS).format(reps=sql.Identifier(where.agreement, "reps")),
        {"reps": sorted({each.rep_id for each in candidates}), "at": as_of, "before": _id(before)},
    )
    return {row["rep_id"]: Burden(row["open"], row["today"], row["day_ends_at"]) for row in rows}


# A day is the rep's own; a handoff is open until first contact, rejection or withdrawal.
_BURDENS = """
with given as (
    select assignment.* from handoff.assignments as assignment
    where assignment.rep_id = any(%(reps)s) and assignment.assigned_at <= %(at)s
    and (%(before)s::bigint is null or assignment.assignment_id < %(before)s)
)
select
    given.rep_id,
    ((%(at)s at time zone rep.time_zone)::date + 1)::timestamp at time zone rep.time_zone as day_ends_at,
    count(*) filter (where (given.assigned_at at time zone rep.time_zone)::date
        = (%(at)s at time zone rep.time_zone)::date) as today,
    count(*) filter (
        where not exists (
            select from handoff.assignments as later
            where later.handoff_id = given.handoff_id and later.assignment_id > given.assignment_id
            and (%(before)s::bigint is null or later.assignment_id < %(before)s)
        )
        and not exists (
            select from handoff.dispositions as answer
            where answer.handoff_id = given.handoff_id and answer.recorded_at <= %(at)s
            and answer.kind in ('contacted', 'rejected', 'withdrawn')
        )
    ) as open
from given
inner join {reps} as rep
    on rep.rep_id = given.rep_id and rep.valid_from <= %(at)s and %(at)s < rep.valid_to
group by given.rep_id, rep.time_zone
"""


def _id(before: Row | None) -> int | None:
    return before["assignment_id"] if before else None
