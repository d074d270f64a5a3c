"""Working time: blocks that add up, special hours and holidays that count, and countries whose holidays are known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from handoff.agreement.holiday_library import NotKnown, of_country
from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.spans import overlap

_BLOCKS = (("calendars", "weekday", "a weekday"), ("special_hours", "special_on", "a day"))
_DAYS = (("holidays", "holiday_on"), ("special_hours", "special_on"))


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of calendars, special hours, holidays and the countries that calendars keep."""
    for table, column, day in _BLOCKS:
        yield from _blocks(agreement.rows(table), column, day)
    for table, column in _DAYS:
        for row in agreement.rows(table):
            yield from _counts(row, column)
    yield from _twice_special(agreement)
    yield from _countries(agreement.rows("calendar_countries"))


def _blocks(rows: Iterable[Row], column: str, day: str) -> Iterator[Problem]:
    days: dict[tuple[str, Any], list[Row]] = defaultdict(list)
    for row in rows:
        opens, closes = row["opens"], row["closes"]
        if None in (opens, closes):
            continue
        if closes <= opens:
            wrong = f"closes {row.cells['closes']} of {row.label} is not after {row.cells['opens']}, when it opens"
            remedy = (
                f"write a later time; hours past midnight are a row of the next {day.partition(' ')[2]}, 24:00 ends"
            )
            yield row.problem("closes", wrong, f"{remedy} the day")
        else:
            days[row["calendar_id"], row[column]].append(row)
    for found in days.values():
        yield from _overlapping(found, day)


def _overlapping(rows: list[Row], day: str) -> Iterator[Problem]:
    for one, other in combinations(rows, 2):
        both = overlap(one, other)
        if both and one.key != other.key and one["opens"] < other["closes"] and other["opens"] < one["closes"]:
            wrong = f"{other.label} is open while {one.label} (line {one.line}) is, {one.cells['opens']} to"
            remedy = f"let the hours of {day} follow one another, or make them one row"
            yield other.problem("opens", f"{wrong} {one.cells['closes']}", remedy)


def _counts(row: Row, column: str) -> Iterator[Problem]:
    day = row[column]
    if day and not row.holds(day):
        wrong = f"{column} {day} of {row.label} lies outside the row's validity, so that it never counts"
        yield row.problem(column, wrong, f"let valid_from be {day} or earlier, or write another day")


def _twice_special(agreement: Agreement) -> Iterator[Problem]:
    """A day is closed by its holiday, whatever its special hours say: one of the two rows is not meant."""
    closed = {
        (row["calendar_id"], row["holiday_on"]): row
        for row in agreement.rows("holidays")
        if row["holiday_on"] and row.holds(row["holiday_on"])
    }
    for row in agreement.rows("special_hours"):
        day = row["special_on"]
        holiday = closed.get((row["calendar_id"], day)) if day and row.holds(day) else None
        if holiday:
            wrong = f"special_on {day} of {row.label} is closed by {holiday.label} (holidays.csv:{holiday.line})"
            yield row.problem("special_on", wrong, "take one of the two lines away")


def _countries(rows: list[Row]) -> Iterator[Problem]:
    for row in rows:
        if row["country"] and row["subdivision"]:
            try:
                of_country(row["country"], row["subdivision"], range(0))
            except NotKnown as reason:
                wrong = f"{reason.column} {row[reason.column]!r} of {row.label} is none whose holidays are known"
                yield row.problem(reason.column, wrong, str(reason))
    for one, other in combinations(rows, 2):
        same = all(one[name] == other[name] for name in ("calendar_id", "country", "subdivision"))
        day = overlap(one, other) if same and one.key != other.key else None
        if day:
            wrong = f"{other.label} and {one.label} (line {one.line}) both hold from {day} for one country"
            yield other.problem("country", wrong, "end one of them with valid_to")
