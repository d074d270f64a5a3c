"""Who is at work at a moment is who has an open interval then: the two are told by one rule for a day's blocks."""

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from handoff import clock
from handoff.ledger import db
from handoff.route.due import due_at

# The intervals are those of the day of the load, so the days asked for lie around it.
NOW = clock.now().replace(minute=0, second=0, microsecond=0)
BOTH = """
select
    rep.rep_id,
    rep.is_at_work,
    exists (
        select from line.int_open_intervals as shift
        where shift.calendar_id = rep.calendar_id and shift.time_zone = rep.time_zone
        and shift.opens_at <= handoff.as_of() and handoff.as_of() < shift.closes_at
    ) as is_open
from line.int_reps as rep
"""

Admin = psycopg.Connection[dict[str, Any]]


def told(admin: Admin, at: datetime) -> dict[str, tuple[bool, bool]]:
    with admin.transaction():
        admin.execute("select set_config('handoff.as_of', %s, true)", (at.isoformat(),))
        return {row["rep_id"]: (row["is_at_work"], row["is_open"]) for row in admin.execute(BOTH)}


def test_both_agree_over_a_year_of_moments(admin: Admin) -> None:
    random = Random(7)
    moments = [NOW + timedelta(seconds=random.randint(-30 * 86_400, 365 * 86_400)) for _ in range(400)]
    for row in admin.execute("select distinct special_on from agreement.special_hours"):
        day = datetime.combine(row["special_on"], time(), UTC)
        moments += [day + timedelta(hours=hour) for hour in range(6, 24)]
    states = set()
    for moment in moments:
        found = told(admin, moment)
        assert [rep for rep, (at_work, is_open) in found.items() if at_work != is_open] == [], moment
        states |= set(found.values())
    assert states == {(True, True), (False, False)}


@pytest.fixture
def half_day(admin: Admin) -> datetime:
    """A Monday to come, on which calendar emea closes at noon and opens for an hour in the evening: its midnight."""
    monday = (NOW + timedelta(days=200 - NOW.weekday())).replace(hour=0)
    day = {"day": monday.date()}
    admin.execute("delete from agreement.holidays where calendar_id = 'emea' and holiday_on = %(day)s", day)
    admin.execute(
        """insert into agreement.special_hours
        select 'half-' || opens, 'emea', %(day)s, opens, closes, 'Half day', %(day)s, '9999-12-31', 'Test'
        from (values ('09:00'::time, '12:00'::time), ('19:00', '20:00')) as block (opens, closes)""",
        day,
    )
    return monday


def test_a_half_day_counts_at_once_for_who_is_at_work(admin: Admin, half_day: datetime) -> None:
    paris = {hour: told(admin, at(half_day, hour))["chloe-martin"][0] for hour in (8, 9, 11, 12, 14, 17, 19, 20)}
    assert paris == {8: False, 9: True, 11: True, 12: False, 14: False, 17: False, 19: True, 20: False}


def at(day: datetime, hour: int) -> datetime:
    """An hour of that day on the wall in Paris."""
    return day.replace(tzinfo=ZoneInfo("Europe/Paris"), hour=hour).astimezone(UTC)


def test_a_due_time_reaches_sixteen_months(admin: Admin) -> None:
    with db.connect() as connection:
        assert due_at(connection, "us", "America/Chicago", NOW, 300 * 8 * 3600) > NOW + timedelta(days=365)
