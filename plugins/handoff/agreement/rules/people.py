"""Working time: zones that exist, hours that add up, holidays that count."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from zoneinfo import available_timezones

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.spans import overlap


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of time zones, calendars and holidays."""
    for row in agreement.rows("reps") + agreement.rows("company"):
        yield from _zone(row)
    days: dict[tuple[str, int], list[Row]] = {}
    for row in agreement.rows("calendars"):
        opens, closes = row["opens"], row["closes"]
        if None in (opens, closes):
            continue
        if closes <= opens:
            wrong = f"closes {row.cells['closes']} of {row.label} is not after {row.cells['opens']}, when it opens"
            remedy = "write a later time; hours past midnight are a row of the next weekday, 24:00 ends the day"
            yield row.problem("closes", wrong, remedy)
        else:
            days.setdefault((row["calendar_id"], row["weekday"]), []).append(row)
    for rows in days.values():
        yield from _overlapping(rows)
    for row in agreement.rows("holidays"):
        day = row["holiday_on"]
        if day and not row.holds(day):
            wrong = f"holiday_on {day} of {row.label} lies outside the row's validity, so that it never counts"
            yield row.problem("holiday_on", wrong, f"let valid_from be {day} or earlier, or write another day")


@cache
def _zones() -> frozenset[str]:
    """Zones of places: a name without a place is an alias, or an offset that knows no summer time."""
    return frozenset(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")) | {"UTC"}


def _zone(row: Row) -> Iterator[Problem]:
    zone = row["time_zone"]
    if zone and zone not in _zones():
        known = "knows no summer time" if zone in available_timezones() else "is no time zone"
        remedy = nearest(zone, _zones()) if "/" in zone else "write the zone of a city"
        remedy = remedy if remedy.startswith("did") else "write the zone of a city"
        yield row.problem("time_zone", f"time_zone {zone!r} of {row.label} {known}", f"{remedy}, e.g. America/New_York")


def _overlapping(rows: list[Row]) -> Iterator[Problem]:
    for one, other in combinations(rows, 2):
        day = overlap(one, other)
        if day and one.key != other.key and one["opens"] < other["closes"] and other["opens"] < one["closes"]:
            wrong = f"{other.label} is open while {one.label} (line {one.line}) is, {one.cells['opens']} to"
            remedy = "let the hours of a weekday follow one another, or make them one row"
            yield other.problem("opens", f"{wrong} {one.cells['closes']}", remedy)
