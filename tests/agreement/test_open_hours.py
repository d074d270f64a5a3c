"""Open intervals and due times, against cases worked out by hand and, where it is present, a published collection."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import jinja2
import psycopg
import pytest

from handoff.ledger import db
from handoff.route.due import due_at
from handoff.settings import settings

from .conftest import PROJECT

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in DAYS[:5]}
NEW_YORK = {"tz": "America/New_York", "weekly": NINE_TO_FIVE, "holidays": []}
NIGHT = {"tz": "America/New_York", "weekly": {"sun": [["00:00", "06:00"]]}, "holidays": []}


def add(case_id: str, calendar: dict[str, Any], start: str, seconds: int, due: str) -> dict[str, Any]:
    return {"id": case_id, "calendar": calendar, "start": start, "add_seconds": seconds, "due_at": due}


INLINE: list[dict[str, Any]] = [
    add("five minutes inside", NEW_YORK, "2026-03-03T15:00:00Z", 300, "2026-03-03T15:05:00Z"),
    add("five minutes over the weekend", NEW_YORK, "2026-03-06T21:58:00Z", 300, "2026-03-09T13:03:00Z"),
    add("ends exactly at closing", NEW_YORK, "2026-03-03T21:55:00Z", 300, "2026-03-03T22:00:00Z"),
    add("starts at closing", NEW_YORK, "2026-03-03T22:00:00Z", 0, "2026-03-04T14:00:00Z"),
    add("nothing to add while open", NEW_YORK, "2026-03-03T15:00:00Z", 0, "2026-03-03T15:00:00Z"),
    add(
        "a holiday between",
        NEW_YORK | {"holidays": ["2026-03-03"]},
        "2026-03-02T21:59:00Z",
        120,
        "2026-03-04T14:01:00Z",
    ),
    add("02:00 to 03:00 does not exist", NIGHT, "2026-03-08T05:00:00Z", 3 * 3600, "2026-03-08T08:00:00Z"),
    add("01:00 to 02:00 comes twice", NIGHT, "2026-11-01T04:00:00Z", 3 * 3600, "2026-11-01T07:00:00Z"),
    add(
        "an opening inside the missing hour",
        NIGHT | {"weekly": {"sun": [["02:30", "04:00"]]}},
        "2026-03-08T05:00:00Z",
        1800,
        "2026-03-08T07:30:00Z",
    ),
    add(
        "an opening that closes in the repeated hour opens again",
        NIGHT | {"weekly": {"sun": [["00:00", "01:30"]]}},
        "2026-11-01T04:00:00Z",
        2 * 3600,
        "2026-11-01T06:30:00Z",
    ),
    {
        "id": "open seconds over a night",
        "calendar": NEW_YORK,
        "start": "2026-03-03T21:00:00Z",
        "end": "2026-03-04T15:00:00Z",
        "business_seconds": 7200,
    },
    {
        "id": "nothing before the start",
        "calendar": NEW_YORK,
        "start": "2026-03-04T15:00:00Z",
        "end": "2026-03-03T21:00:00Z",
        "business_seconds": 0,
    },
]
PUBLISHED = PROJECT.parents[1] / "shared" / "data" / "business_hours" / "cases_for_developers.json"
CASES = INLINE + (json.loads(PUBLISHED.read_text(encoding="utf-8"))["cases"] if PUBLISHED.exists() else [])

Admin = psycopg.Connection[dict[str, Any]]


def model_sql(days_back: int, days_ahead: int) -> str:
    """The compiled model, over temporary tables instead of the agreement's and as many days as a case needs."""
    compiled = next(settings().dbt_target.glob("compiled/**/int_open_intervals.sql")).read_text(encoding="utf-8")
    sql = re.sub(r'"[^"]+"\."agreement"\."(\w+)"', r"pg_temp.\1", compiled)
    wanted = f"generate_series({-days_back}, {days_ahead})"
    sql, found = re.subn(r"generate_series\(\s*-1 \* \d+,\s*\d+\s*\)", wanted, sql)
    assert found == 1
    return sql


def open_seconds_sql() -> str:
    source = (PROJECT / "macros" / "open_time.sql").read_text(encoding="utf-8")
    module: Any = jinja2.Environment().from_string(source, {"ref": lambda name: f"line.{name}"}).module
    text: str = module.open_seconds_between("'c'", "%(zone)s", "%(start)s::timestamptz", "%(end)s::timestamptz")
    return f"select {text} as seconds"


@pytest.fixture
def build(admin: Admin) -> Callable[[dict[str, Any], datetime, datetime], None]:
    """Fills line.int_open_intervals for one calendar, from some days before `start` to some days after `end`."""

    def fill(calendar: dict[str, Any], start: datetime, end: datetime) -> None:
        overrides = {date.fromisoformat(day): blocks for day, blocks in calendar.get("date_overrides", {}).items()}
        always, never = date(1, 1, 1), date(9999, 12, 31)
        with admin.transaction():
            for table in ("reps", "calendars", "holidays"):
                admin.execute(f"create temporary table {table} (like agreement.{table}) on commit drop")
            admin.execute(
                "insert into pg_temp.reps (calendar_id, time_zone, valid_from, valid_to) values ('c', %s, %s, %s)",
                (calendar["tz"], always, never),
            )
            opening = (
                "insert into pg_temp.calendars (calendar_id, weekday, opens, closes, valid_from, valid_to) "
                "values ('c', %s, %s, %s, %s, %s)"
            )
            edges = [always, *sorted(day + timedelta(days=extra) for day in overrides for extra in (0, 1)), never]
            for weekday, name in enumerate(DAYS, 1):
                for opens, closes in calendar["weekly"].get(name, []):
                    for begins, ends in pairwise(edges):
                        if begins not in overrides:
                            admin.execute(opening, (weekday, opens, closes, begins, ends))
            for day, blocks in overrides.items():
                for opens, closes in blocks:
                    admin.execute(opening, (day.isoweekday(), opens, closes, day, day + timedelta(days=1)))
            for day in calendar["holidays"]:
                admin.execute(
                    "insert into pg_temp.holidays (calendar_id, holiday_on, valid_from, valid_to) "
                    "values ('c', %s, %s, %s)",
                    (day, always, never),
                )
            admin.execute("select set_config('handoff.as_of', %s, true)", (start.isoformat(),))
            admin.execute("truncate line.int_open_intervals")
            admin.execute("insert into line.int_open_intervals " + model_sql(10, (end - start).days + 40))

    return fill


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any], build: Callable[[dict[str, Any], datetime, datetime], None], admin: Admin) -> None:
    start = datetime.fromisoformat(case["start"]).astimezone(UTC)
    zone = case["calendar"]["tz"]
    if "due_at" in case:
        due = datetime.fromisoformat(case["due_at"]).astimezone(UTC)
        build(case["calendar"], start, due)
        with db.connect() as connection:
            assert due_at(connection, "c", zone, start, case["add_seconds"]) == due
        return
    end = datetime.fromisoformat(case["end"]).astimezone(UTC)
    build(case["calendar"], start, end)
    row = admin.execute(open_seconds_sql(), {"zone": zone, "start": start, "end": end}).fetchone()
    assert row is not None
    assert row["seconds"] == case["business_seconds"]
