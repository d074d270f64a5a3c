"""One rep's page: who they are in the agreement, whether they are there, what they have, and how they kept to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.ledger.db import Connection, Row
from handoff.web.pages import open_handoffs
from handoff.web.pages.open_handoffs import Chosen, OpenHandoffs

SPAN = timedelta(days=90)
"""How far back the results go."""


class UnknownRep(LookupError):
    """No rep has ever had that id."""


@dataclass(frozen=True)
class RepPage:
    """What the template shows. `results` by tier and `rejections` by reason are of the last ninety days; the results
    come out of the marts, and are None before these were built."""

    rep: Row
    teams: tuple[str, ...]
    open: OpenHandoffs
    given_today: int
    results: tuple[Row, ...] | None
    rejections: tuple[Row, ...]


def read(connection: Connection, rep_id: str, as_of: datetime, page: int = 1) -> RepPage:
    """Everything about a rep as of a moment.

    Raises:
        UnknownRep: nobody by that id.
    """
    with connection.transaction():
        connection.execute("select set_config('handoff.as_of', %s, true)", (as_of.isoformat(),))
        values = {"rep": rep_id, "at": as_of, "since": as_of - SPAN}
        rep = connection.execute(_REP, values).fetchone()
        if rep is None:
            raise UnknownRep(f"no rep has the id {rep_id!r}: see seeds/agreement/reps.csv")
        teams = connection.execute(_TEAMS, values).fetchall()
        given = connection.execute(_GIVEN_TODAY, values | {"zone": rep["time_zone"]}).fetchone()
        built = connection.execute("select to_regclass('marts.fct_sla_outcomes') is not null as yes").fetchone()
        is_built = bool(built and built["yes"])
        return RepPage(
            rep=rep,
            teams=tuple(row["name"] for row in teams),
            open=open_handoffs.read(connection, as_of, Chosen(rep=rep_id), page),
            given_today=given["given"] if given else 0,
            results=tuple(connection.execute(_RESULTS, values).fetchall()) if is_built else None,
            rejections=tuple(connection.execute(_REJECTIONS, values).fetchall()),
        )


_REP = """
select rep.rep_id, rep.name, rep.time_zone, rep.calendar_id, rep.max_open, rep.max_per_day,
    manager.name as manager, rep.manager_id, %(at)s < rep.valid_to as is_in_force, rep.valid_to,
    present.unavailable_because, present.rep_id is not null and exists (
        select from line.int_open_intervals as shift
        where shift.calendar_id = rep.calendar_id and shift.time_zone = rep.time_zone
        and shift.opens_at <= %(at)s and %(at)s < shift.closes_at
    ) as is_at_work,
    (select min(shift.opens_at) from line.int_open_intervals as shift
    where shift.calendar_id = rep.calendar_id and shift.time_zone = rep.time_zone and shift.opens_at > %(at)s)
        as opens_at
from agreement.reps as rep
left join lateral (
    select name from agreement.reps as other where other.rep_id = rep.manager_id and other.valid_from <= %(at)s
    order by other.valid_from desc limit 1
) as manager on true
left join line.int_reps as present on present.rep_id = rep.rep_id
where rep.rep_id = %(rep)s and rep.valid_from <= %(at)s
order by rep.valid_from desc limit 1
"""

_TEAMS = """
select distinct pool.name from agreement.pool_members as member
inner join agreement.pools as pool
    on pool.pool_id = member.pool_id and pool.valid_from <= %(at)s and %(at)s < pool.valid_to
where member.rep_id = %(rep)s and member.valid_from <= %(at)s and %(at)s < member.valid_to order by pool.name
"""

_GIVEN_TODAY = """
select count(*)::int as given from handoff.assignments
where rep_id = %(rep)s and assigned_at <= %(at)s
and (assigned_at at time zone %(zone)s)::date = (%(at)s at time zone %(zone)s)::date
"""

_RESULTS = """
select outcome.tier_id, coalesce(max(tier.name), outcome.tier_id) as tier,
    count(*) filter (where outcome.outcome = 'met')::int as met,
    count(*) filter (where outcome.outcome = 'breached')::int as breached,
    count(*) filter (where outcome.outcome not in ('met', 'breached'))::int as neither,
    percentile_cont(0.5) within group (order by outcome.human_open_seconds) as median_seconds
from marts.fct_sla_outcomes as outcome
left join agreement.tiers as tier
    on tier.tier_id = outcome.tier_id and tier.valid_from <= %(at)s and %(at)s < tier.valid_to
where outcome.rep_id = %(rep)s and outcome.assigned_at > %(since)s and outcome.assigned_at <= %(at)s
group by outcome.tier_id order by outcome.tier_id
"""

_REJECTIONS = """
select coalesce(reason.label, answer.reason_id, 'no reason given') as reason, count(*)::int as rejections
from handoff.dispositions as answer
inner join handoff.assignments as given on given.assignment_id = answer.assignment_id
left join lateral (
    select label from agreement.rejection_reasons as row
    where row.reason_id = answer.reason_id and row.valid_from <= %(at)s order by row.valid_from desc limit 1
) as reason on true
where given.rep_id = %(rep)s and answer.kind in ('rejected', 'declined') and answer.occurred_at > %(since)s
group by 1 order by 2 desc, 1
"""
