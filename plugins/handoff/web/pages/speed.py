"""Today's speed to lead, out of the marts: what the system took, and what people took in their own working hours."""

from dataclasses import dataclass
from datetime import datetime

from handoff.ledger.db import Connection


@dataclass(frozen=True)
class Speed:
    """One span of time: how many handoffs ended it today, its median and its ninetieth percentile, both in seconds."""

    name: str
    about: str
    count: int
    median: float | None
    p90: float | None


@dataclass(frozen=True)
class Today:
    """The spans of today, which began at `since`, midnight in the company's time zone, as the marts had them then."""

    since: datetime
    built_at: datetime
    spans: tuple[Speed, ...]


ABOUT = {
    "system": ("System", "from what the lead did to the rep's message"),
    "human": ("People", "from the message to first contact, in the reps' working hours"),
    "whole": ("Together", "from what the lead did to first contact, nights included"),
}


def read(connection: Connection, as_of: datetime) -> Today | None:
    """Look it up; None before the marts were built for the first time."""
    built = connection.execute("select to_regclass('marts.mart_builds') is not null as yes").fetchone()
    if not built or not built["yes"]:
        return None
    rows = connection.execute(_TODAY, {"at": as_of}).fetchall()
    spans = tuple(Speed(*ABOUT[row["span"]], row["count"], row["median"], row["p90"]) for row in rows)
    return Today(rows[0]["since"], rows[0]["built_at"], spans)


_TODAY = """
with today as (
    select date_trunc('day', %(at)s at time zone time_zone) at time zone time_zone as since
    from agreement.company where valid_from <= %(at)s and %(at)s < valid_to
),
spans as (
    select 1 as place, 'system' as span, sent_at as ended_at, total_seconds as seconds from marts.fct_delays
    union all
    select 2, 'human', first_contact_at, human_open_seconds from marts.fct_delays
    union all
    select 3, 'whole', first_contact_at, extract(epoch from (first_contact_at - event_at)) from marts.fct_delays
)
select
    today.since, (select max(built_at) from marts.mart_builds) as built_at, each.span,
    count(spans.seconds)::int as count, percentile_cont(0.5) within group (order by spans.seconds) as median,
    percentile_cont(0.9) within group (order by spans.seconds) as p90
from today
cross join (values (1, 'system'), (2, 'human'), (3, 'whole')) as each (place, span)
left join spans
    on spans.place = each.place and spans.ended_at >= today.since and spans.ended_at <= %(at)s
group by today.since, each.place, each.span
order by each.place
"""
