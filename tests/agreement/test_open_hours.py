"""Open intervals and due times: cases worked out by hand, a published collection where it is present, and calendars
at random against a clock that looks at every minute. docs/business-time.md says how each case is read."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import psycopg
import pytest
from hypothesis import example, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from handoff.ledger import db
from handoff.route.due import NoCalendar, due_at
from handoff.settings import settings
from handoff.watch import clocks

from .conftest import PROJECT

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in DAYS[:5]}
NEW_YORK = {"tz": "America/New_York", "weekly": NINE_TO_FIVE, "holidays": []}
TWO_BLOCKS = NEW_YORK | {"weekly": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in DAYS[:5]}}
ROUND_THE_CLOCK = {"tz": "Europe/Berlin", "weekly": {day: [["00:00", "24:00"]] for day in DAYS}, "holidays": []}
HALF_DAY = NEW_YORK | {"date_overrides": {"2026-03-03": [["08:00", "10:00"], ["11:00", "12:00"]]}}
NIGHT = {"tz": "America/New_York", "weekly": {"sun": [["00:00", "06:00"]]}, "holidays": []}


def add(case_id: str, calendar: dict[str, Any], start: str, seconds: int, due: str) -> dict[str, Any]:
    return {"id": case_id, "calendar": calendar, "start": start, "add_seconds": seconds, "due_at": due}


def between(case_id: str, calendar: dict[str, Any], start: str, end: str, seconds: int) -> dict[str, Any]:
    return {"id": case_id, "calendar": calendar, "start": start, "end": end, "business_seconds": seconds}


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
    add("nothing to add before opening", NEW_YORK, "2026-03-03T11:00:00Z", 0, "2026-03-03T14:00:00Z"),
    add("a start in the lunch break", TWO_BLOCKS, "2026-03-03T17:30:00Z", 60, "2026-03-03T18:01:00Z"),
    add("due as the morning closes", TWO_BLOCKS, "2026-03-03T16:00:00Z", 3600, "2026-03-03T17:00:00Z"),
    add("a second after the morning", TWO_BLOCKS, "2026-03-03T16:00:00Z", 3601, "2026-03-03T18:00:01Z"),
    add("midnight does not close", ROUND_THE_CLOCK, "2026-03-03T22:59:59Z", 2, "2026-03-03T23:00:01Z"),
    add("a day of 23 hours", ROUND_THE_CLOCK, "2026-03-28T23:00:00Z", 23 * 3600, "2026-03-29T22:00:00Z"),
    add("a day of 25 hours", ROUND_THE_CLOCK, "2026-10-24T22:00:00Z", 25 * 3600, "2026-10-25T23:00:00Z"),
    add("special hours stand in for the weekday's", HALF_DAY, "2026-03-03T14:00:00Z", 7201, "2026-03-04T14:00:01Z"),
    add("special hours open early", HALF_DAY, "2026-03-03T12:00:00Z", 60, "2026-03-03T13:01:00Z"),
    add(
        "special hours on a day that is closed by its weekday",
        NEW_YORK | {"date_overrides": {"2026-03-07": [["10:00", "11:00"]]}},
        "2026-03-06T22:00:00Z",
        3600,
        "2026-03-07T16:00:00Z",
    ),
    add(
        "a holiday closes whatever its special hours say",
        HALF_DAY | {"holidays": ["2026-03-03"]},
        "2026-03-03T12:00:00Z",
        1,
        "2026-03-04T14:00:01Z",
    ),
    add(
        "half an hour comes twice",
        {"tz": "Australia/Lord_Howe", "weekly": {"sun": [["01:00", "02:00"]]}, "holidays": []},
        "2026-04-04T14:00:00Z",
        90 * 60,
        "2026-04-04T15:30:00Z",
    ),
    add(
        "a day that never was",
        {"tz": "Pacific/Apia", "weekly": {day: [["09:00", "17:00"]] for day in DAYS}, "holidays": []},
        "2011-12-30T02:59:00Z",
        120,
        "2011-12-30T19:01:00Z",
    ),
    add("half a second before closing", NEW_YORK, "2026-03-03T21:59:59.500Z", 1, "2026-03-04T14:00:00.500Z"),
    between("open seconds over a night", NEW_YORK, "2026-03-03T21:00:00Z", "2026-03-04T15:00:00Z", 7200),
    between("nothing before the start", NEW_YORK, "2026-03-04T15:00:00Z", "2026-03-03T21:00:00Z", 0),
    between("nothing at once", NEW_YORK, "2026-03-04T15:00:00Z", "2026-03-04T15:00:00Z", 0),
    between("nothing in a night", NEW_YORK, "2026-03-03T22:00:00Z", "2026-03-04T14:00:00Z", 0),
    between(
        "a calendar that never opens", NEW_YORK | {"weekly": {}}, "2026-03-03T15:00:00Z", "2026-03-09T15:00:00Z", 0
    ),
    between("the hour that comes twice", NIGHT, "2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z", 7200),
    between("half days", HALF_DAY, "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", 3 * 3600),
]
PUBLISHED = PROJECT.parents[1] / "shared" / "data" / "business_hours" / "cases_for_developers.json"
CASES = INLINE + (json.loads(PUBLISHED.read_text(encoding="utf-8"))["cases"] if PUBLISHED.exists() else [])

Admin = psycopg.Connection[dict[str, Any]]


def model_sql(days_back: int, days_ahead: int) -> str:
    """The compiled model, over temporary tables instead of the agreement's and as many days as a case needs."""
    compiled = next(settings().dbt_target.glob("compiled/**/int_open_intervals.sql")).read_text(encoding="utf-8")
    sql = re.sub(r'"[^"]+"\."agreement"\."(\w+)"', r"pg_temp.\1", compiled)
    for column, sign, days in (("first_on", "-", days_back), ("last_on", r"\+", days_ahead)):
        sql, found = re.subn(rf"{sign} \d+ as {column}", f"{sign[-1]} {days} as {column}", sql)
        assert found == 1
    return sql


def open_seconds_sql() -> str:
    source = (PROJECT / "macros" / "open_time.sql").read_text(encoding="utf-8")
    module: Any = jinja2.Environment().from_string(source, {"ref": lambda name: f"line.{name}"}).module
    text: str = module.open_seconds_between("'c'", "%(zone)s", "%(start)s::timestamptz", "%(end)s::timestamptz")
    return f"select {text} as seconds"


def fill(admin: Admin, calendar: dict[str, Any], start: datetime, days_back: int, days_ahead: int) -> None:
    """Fill line.int_open_intervals for one calendar, from some days before that of `start` to some days after it."""
    days = {date.fromisoformat(day): blocks for day, blocks in calendar.get("date_overrides", {}).items()}
    closed = [*map(date.fromisoformat, calendar["holidays"]), *(day for day, blocks in days.items() if not blocks)]
    with admin.transaction(), admin.cursor() as cursor:
        for table in ("reps", "calendars", "special_hours", "holidays"):
            cursor.execute(f"create temporary table {table} (like agreement.{table}) on commit drop")
        columns = "(calendar_id, {}, valid_from, valid_to) values ('c', {}, '0001-01-01', '9999-12-31')"
        cursor.execute("insert into pg_temp.reps " + columns.format("time_zone", "%s"), [calendar["tz"]])
        for table, column, opened in (
            ("calendars", "weekday", [(DAYS.index(day) + 1, each) for day, each in calendar["weekly"].items()]),
            ("special_hours", "special_on", list(days.items())),
        ):
            rows = [(day, *block) for day, blocks in opened for block in blocks]
            into = f"insert into pg_temp.{table} " + columns.format(f"{column}, opens, closes", "%s, %s, %s")
            cursor.executemany(into, rows)
        cursor.executemany("insert into pg_temp.holidays " + columns.format("holiday_on", "%s"), [(d,) for d in closed])
        cursor.execute("select set_config('handoff.as_of', %s, true)", (start.isoformat(),))
        cursor.execute("truncate line.int_open_intervals")
        cursor.execute("insert into line.int_open_intervals " + model_sql(days_back, days_ahead))


def open_seconds(admin: Admin, zone: str, start: datetime, end: datetime) -> Any:
    row = admin.execute(open_seconds_sql(), {"zone": zone, "start": start, "end": end}).fetchone()
    assert row is not None
    return row["seconds"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any], admin: Admin) -> None:
    start = datetime.fromisoformat(case["start"]).astimezone(UTC)
    zone = case["calendar"]["tz"]
    end = datetime.fromisoformat(case["due_at" if "due_at" in case else "end"]).astimezone(UTC)
    fill(admin, case["calendar"], start, 10, (end - start).days + 40)
    if "due_at" in case:
        with db.connect() as connection:
            assert due_at(connection, "c", zone, start, case["add_seconds"]) == end
        assert open_seconds(admin, zone, start, end) == case["add_seconds"]
        assert by_the_watch(admin, zone, start, end, case["add_seconds"]) == (case["add_seconds"], end)
    else:
        # One of the collection's sources counts backwards when the end comes first; here that is no time at all.
        expected = 0 if "end before start" in case.get("definition_dependent", ()) else case["business_seconds"]
        assert open_seconds(admin, zone, start, end) == expected
        assert by_the_watch(admin, zone, start, end, 0)[0] == expected


def by_the_watch(admin: Admin, zone: str, start: datetime, end: datetime, seconds: int) -> tuple[int, datetime | None]:
    """Open seconds between two instants, and when so many have passed since the first, as pauses and the ladder reckon
    them; the end for no seconds at all, of which they never ask."""
    row = admin.execute(
        f"""select {clocks.open_seconds("asked", "asked.begins", "asked.ends")} as seconds,
            {clocks.moment("asked", "asked.begins", "asked.seconds")} as at
        from (select 'c' as calendar_id, %s::text as time_zone, %s::timestamptz as begins, %s::timestamptz as ends,
            %s::numeric as seconds) as asked""",
        (zone, start, end, seconds),
    ).fetchone()
    assert row is not None
    return row["seconds"], row["at"] if seconds else end


BACK, AHEAD = 3, 12
MINUTE = timedelta(minutes=1)
# Odd offsets, changes of half an hour and at midnight, on both halves of the globe, and a day left out.
PLACES = {
    "Asia/Kolkata": ["2026-06-15"],
    "Asia/Tokyo": ["2026-12-30"],
    "America/New_York": ["2026-03-08", "2026-11-01", "2026-06-15"],
    "America/St_Johns": ["2026-03-08", "2026-11-01"],
    "America/Santiago": ["2026-04-05", "2026-09-06"],
    "Africa/Cairo": ["2026-04-24", "2026-10-30"],
    "Atlantic/Azores": ["2026-03-29", "2026-10-25"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "Pacific/Apia": ["2011-12-30", "2012-04-01"],
    "Pacific/Chatham": ["2026-04-05", "2026-09-27"],
}


class EveryMinute:
    """The same calendar, told by looking at the wall clock at each minute."""

    def __init__(self, calendar: dict[str, Any], as_of: datetime) -> None:
        self.zone = ZoneInfo(calendar["tz"])
        self.calendar = calendar
        self.last = as_of.date() + timedelta(days=AHEAD)

    def is_open(self, minute: datetime) -> bool:
        """Whether the minute that begins at this instant is open."""
        local = minute.astimezone(self.zone)
        day, wall = local.date().isoformat(), f"{local:%H:%M}"
        usual = self.calendar["weekly"].get(DAYS[local.weekday()], [])
        blocks = self.calendar["date_overrides"].get(day, usual) if day not in self.calendar["holidays"] else []
        return any(opens <= wall < closes for opens, closes in blocks)

    def due(self, start: datetime, seconds: int) -> datetime | None:
        """The first instant by which so many open seconds have passed; None when the reckoned days end before."""
        at, left = start, timedelta(seconds=seconds)
        while at.astimezone(self.zone).date() <= self.last:
            minute = at.replace(second=0, microsecond=0)
            if self.is_open(minute):
                if at + left <= minute + MINUTE:
                    return at + left
                left -= minute + MINUTE - at
            at = minute + MINUTE
        return None

    def seconds(self, start: datetime, end: datetime) -> float:
        """Open seconds from one instant to a later one."""
        at, passed = start, timedelta()
        while at < end:
            minute = at.replace(second=0, microsecond=0)
            until = min(minute + MINUTE, end)
            passed += until - at if self.is_open(minute) else timedelta()
            at = until
        return passed.total_seconds()


@st.composite
def blocks(draw: st.DrawFn) -> list[list[str]]:
    """Up to three blocks of a day that do not overlap, some of them side by side, some until the end of the day."""
    edges = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True)))
    times = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in edges]
    pairs = zip(times[::2], times[1::2], strict=False) if draw(st.booleans()) else pairwise(times[:4])
    return [list(pair) for pair in pairs]


@st.composite
def questions(draw: st.DrawFn) -> tuple[dict[str, Any], datetime, int, timedelta]:
    """A calendar, a start, open seconds to add, and the time until another end."""
    zone = draw(st.sampled_from(sorted(PLACES)))
    around = datetime.fromisoformat(draw(st.sampled_from(PLACES[zone]))).replace(tzinfo=UTC)
    near = st.integers(-BACK, AHEAD).map(lambda days: (around + timedelta(days=days)).date().isoformat())
    calendar = {
        "tz": zone,
        "weekly": draw(st.dictionaries(st.sampled_from(DAYS), blocks(), max_size=7)),
        "date_overrides": draw(st.dictionaries(near, blocks(), max_size=3)),
        "holidays": draw(st.lists(near, max_size=3, unique=True)),
    }
    start = around + timedelta(seconds=draw(st.integers(-36 * 3600, 36 * 3600)))
    ends = timedelta(seconds=draw(st.integers(0, (AHEAD - 3) * 86_400)))
    return calendar, start, draw(st.integers(0, 60) | st.integers(0, 4 * 86_400)), ends


ALWAYS_OPEN = ROUND_THE_CLOCK | {"date_overrides": {}}


@trying(max_examples=80, deadline=None)
@given(question=questions())
@example(question=(ALWAYS_OPEN, datetime(2026, 3, 28, 12, 0, 7, tzinfo=UTC), 12 * 86_400, timedelta()))
@example(question=(ALWAYS_OPEN, datetime(2026, 3, 28, 12, 0, 7, tzinfo=UTC), 14 * 86_400, timedelta()))
def test_every_minute_agrees(admin: Admin, question: tuple[dict[str, Any], datetime, int, timedelta]) -> None:
    calendar, start, seconds, ends = question
    fill(admin, calendar, start, BACK, AHEAD)
    oracle = EveryMinute(calendar, start)
    assert open_seconds(admin, calendar["tz"], start, start + ends) == oracle.seconds(start, start + ends)
    due = oracle.due(start, seconds)
    with db.connect() as connection:
        if due is None:
            with pytest.raises(NoCalendar):
                due_at(connection, "c", calendar["tz"], start, seconds)
            return
        assert due_at(connection, "c", calendar["tz"], start, seconds) == due
    assert open_seconds(admin, calendar["tz"], start, due) == seconds


def test_beyond_what_is_reckoned_there_is_no_answer(admin: Admin) -> None:
    start = datetime(2026, 3, 4, 15, tzinfo=UTC)
    fill(admin, NEW_YORK, start, 5, 5)
    first, after = datetime(2026, 2, 27, 5, tzinfo=UTC), datetime(2026, 3, 10, 4, tzinfo=UTC)
    second = timedelta(seconds=1)
    zone = "America/New_York"
    with db.connect() as connection:
        assert due_at(connection, "c", zone, first, 60) == datetime(2026, 2, 27, 14, 1, tzinfo=UTC)
        with pytest.raises(NoCalendar, match=r"is reckoned from 2026-02-27 05:00 UTC, after 2026-02-27 04:59: raise"):
            due_at(connection, "c", zone, first - second, 60)
        rest = 7 * 3600 + 2 * 8 * 3600 + 8 * 3600
        assert due_at(connection, "c", zone, start, rest) == datetime(2026, 3, 9, 21, tzinfo=UTC)
        with pytest.raises(NoCalendar, match="open seconds after 2026-03-04 15:00 UTC: add hours"):
            due_at(connection, "c", zone, start, rest + 1)
        for unknown in (("other", zone), ("c", "Europe/Paris")):
            with pytest.raises(NoCalendar, match="open seconds after"):
                due_at(connection, *unknown, start, 0)
        with pytest.raises(ValueError, match="-1 open seconds"):
            due_at(connection, "c", zone, start, -1)
    assert open_seconds(admin, zone, first, after) == rest + 3600 + 3 * 8 * 3600
    assert open_seconds(admin, zone, first - second, after) is None
    assert open_seconds(admin, zone, first, after + second) is None


def test_a_second_is_a_second(admin: Admin) -> None:
    """A leap second is none: 23:59:60 of 2016 and midnight are one instant, as in the CRM's and Postgres' time."""
    calendar = ROUND_THE_CLOCK | {"tz": "UTC"}
    before = datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    fill(admin, calendar, before, BACK, AHEAD)
    leap = admin.execute("select '2016-12-31 23:59:60+00'::timestamptz as at").fetchone()
    assert leap is not None
    assert leap["at"] == before + timedelta(seconds=1)
    assert open_seconds(admin, "UTC", before, leap["at"]) == 1
    with db.connect() as connection:
        assert due_at(connection, "c", "UTC", before, 2) == datetime(2017, 1, 1, 0, 0, 1, tzinfo=UTC)
