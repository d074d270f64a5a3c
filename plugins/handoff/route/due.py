"""When first contact is due: business time of the rep's own calendar."""

from datetime import datetime, timedelta

from psycopg import sql

from handoff.ledger.db import Connection


class NoCalendar(LookupError):
    """The calendar has no open time that reaches the due moment."""


def due_at(
    connection: Connection,
    calendar_id: str,
    time_zone: str,
    start: datetime,
    seconds: float,
    schema: str = "line",
) -> datetime:
    """The earliest instant at which `seconds` of open time have passed since `start`.

    A start outside opening hours counts from the next opening. Zero seconds is the first open instant.
    `int_open_intervals` holds each open interval with the open seconds before it, so both ends are look-ups.

    Args:
        schema: where that model is: the line's, or `pg_temp` in a replica.

    Raises:
        NoCalendar: the calendar is unknown, or its intervals end too early.
    """
    row = connection.execute(
        sql.SQL(
            """with calendar as (
            select opens_at, closes_at, seconds_before from {}.int_open_intervals
            where calendar_id = %(calendar)s and time_zone = %(zone)s
        ),
        entered as (
            select seconds_before + extract(epoch from greatest(%(start)s, opens_at) - opens_at) as passed
            from calendar where closes_at > %(start)s order by opens_at limit 1
        )
        select calendar.opens_at as opens_at, entered.passed + %(seconds)s - calendar.seconds_before as into_interval
        from calendar cross join entered
        where
            calendar.closes_at > %(start)s
            and calendar.seconds_before + extract(epoch from calendar.closes_at - calendar.opens_at)
            >= entered.passed + %(seconds)s
        order by calendar.opens_at limit 1"""
        ).format(sql.Identifier(schema)),
        {"calendar": calendar_id, "zone": time_zone, "start": start, "seconds": seconds},
    ).fetchone()
    if row is None:
        raise NoCalendar(
            f"calendar {calendar_id!r} in {time_zone!r} has no {seconds} open seconds after {start:%Y-%m-%d %H:%M} "
            "UTC: add hours to seeds/agreement/calendars.csv and run `handoff agreement load`"
        )
    due: datetime = row["opens_at"] + timedelta(seconds=float(row["into_interval"]))
    return due
