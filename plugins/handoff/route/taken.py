"""How many handoffs each rep got from each pool lately: what the next turn is computed from."""

from datetime import datetime

from psycopg import sql

from handoff.ledger.db import Connection, Row
from handoff.route.contexts import Where


def taken(
    connection: Connection, as_of: datetime, where: Where, *, before: Row | None = None
) -> dict[tuple[str | None, str], int]:
    """Handoffs within each pool's span of fairness, by (pool id, rep id).

    Args:
        before: count only what was assigned before this row of `handoff.assignments`, as it was then.
    """
    rows = connection.execute(
        sql.SQL(
            """select assignment.pool_id, assignment.rep_id, count(*) as taken
            from handoff.assignments as assignment
            inner join {} as pool on pool.pool_id = assignment.pool_id
            where pool.valid_from <= %(at)s and %(at)s < pool.valid_to
            and assignment.assigned_at > %(at)s - make_interval(days => pool.fairness_days)
            and (%(before)s::bigint is null or assignment.assignment_id < %(before)s)
            group by assignment.pool_id, assignment.rep_id"""
        ).format(sql.Identifier(where.agreement, "pools")),
        {"at": as_of, "before": before["assignment_id"] if before else None},
    )
    return {(row["pool_id"], row["rep_id"]): row["taken"] for row in rows}
