"""When first contact is due: business time of the rep's own calendar."""

from datetime import datetime, timedelta

from psycopg import sql

from handoff.ledger.db import Connection


class NoCalendar(LookupError):
    """The calendar's open intervals do not hold both the start and the due moment."""


def due_at(
    connection: Connection,
    calendar_id: str,
    time_zone: str,
    start: datetime,
    seconds: float,
    schema: str = "line",
) -> datetime:
    """The earliest instant, not before `start`, by which `seconds` of open time have passed since.

    A start outside opening hours counts from the next opening. Zero seconds is the first open instant. A span that
    ends with a block is due as the block closes, not when the next one opens. `int_open_intervals` holds each open
    interval with the open seconds before it, so both ends are look-ups, as are those of `open_seconds_between` in SQL.

    Args:
        seconds: of open time, not below zero.
        schema: where that model is: the line's, or `pg_temp` in a replica.

    Raises:
        NoCalendar: the calendar is unknown, or its intervals begin too late or end too early to say.
        ValueError: `seconds` is below zero.
    """
    if seconds < 0:
        raise ValueError(f"{seconds} open seconds: a due time lies after its start")
    where = {"calendar": calendar_id, "zone": time_zone, "start": start, "seconds": seconds}
    intervals = sql.Identifier(schema, "int_open_intervals")
    row = connection.execute(sql.SQL(_DUE).format(intervals), where).fetchone()
    if row is None:
        reach = connection.execute(sql.SQL(_REACH).format(intervals), where).fetchone()
        raise NoCalendar(_why(calendar_id, time_zone, start, seconds, reach["covered_from"] if reach else None))
    due: datetime = row["opens_at"] + timedelta(seconds=float(row["into_interval"]))
    return due


def _why(calendar_id: str, time_zone: str, start: datetime, seconds: float, covered_from: datetime | None) -> str:
    subject = f"calendar {calendar_id!r} in {time_zone!r}"
    if covered_from and start < covered_from:
        return (
            f"{subject} is reckoned from {covered_from:%Y-%m-%d %H:%M} UTC, after {start:%Y-%m-%d %H:%M}: raise "
            "open_intervals_days_back in dbt_project.yml and run `handoff agreement load`"
        )
    return (
        f"{subject} has no {seconds} open seconds after {start:%Y-%m-%d %H:%M} UTC: add hours to "
        "seeds/agreement/calendars.csv and run `handoff agreement load`, which reckons as far ahead as "
        "open_intervals_days_ahead in dbt_project.yml says"
    )


_DUE = """
with calendar as (
    select opens_at, closes_at, seconds_before, covered_from from {}
    where calendar_id = %(calendar)s and time_zone = %(zone)s
),
entered as (
    select seconds_before + extract(epoch from greatest(%(start)s, opens_at) - opens_at) as passed
    from calendar where closes_at > %(start)s and covered_from <= %(start)s order by closes_at limit 1
)
select calendar.opens_at, entered.passed + %(seconds)s - calendar.seconds_before as into_interval
from calendar cross join entered
where
    calendar.closes_at > %(start)s
    and calendar.seconds_before + extract(epoch from calendar.closes_at - calendar.opens_at)
    >= entered.passed + %(seconds)s
order by calendar.closes_at limit 1
"""
_REACH = "select covered_from from {} where calendar_id = %(calendar)s and time_zone = %(zone)s limit 1"
