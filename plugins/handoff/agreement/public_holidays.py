"""Public holidays of the countries that calendars keep, held against what the agreement says of the same days.

Nothing here moves a clock: only rows of `holidays.csv` and `special_hours.csv` do, and a person writes those.
"""

import csv
import re
from dataclasses import dataclass
from datetime import date
from io import StringIO

from handoff.agreement import words
from handoff.agreement.holiday_library import NotKnown, of_country
from handoff.agreement.model import Agreement, Row

_OPEN = "9999-12-31"
_WHY = "Public holiday in "


@dataclass(frozen=True)
class PublicHoliday:
    """A day on which one or more of the countries that a calendar keeps do not work."""

    calendar_id: str
    on: date
    name: str
    """In English, as the first of these countries calls it."""
    places: tuple[str, ...]
    """For example `Germany (BE)`."""


def place_of(agreement: Agreement, row: Row) -> str:
    """What a row of `calendar_countries` is called, for example `Germany (BE)`."""
    named = agreement.rows("countries", country=row["country"])
    country: str = named[0]["name"] if named else row["country"] or ""
    return country if row["subdivision"] == "none" else f"{country} ({row['subdivision']})"


def known(agreement: Agreement, begins: date, ends: date) -> list[PublicHoliday]:
    """Public holidays of the countries that each calendar keeps on the day, by calendar and day.

    Args:
        begins, ends: half-open.
    """
    found: dict[tuple[str, date], PublicHoliday] = {}
    for row in agreement.rows("calendar_countries"):
        for on, name in _of_row(row, begins, ends).items():
            before = found.get((row["calendar_id"], on))
            places = (*(before.places if before else ()), place_of(agreement, row))
            found[row["calendar_id"], on] = PublicHoliday(
                row["calendar_id"], on, before.name if before else name, places
            )
    return [found[place] for place in sorted(found)]


def missing(agreement: Agreement, begins: date, ends: date) -> list[PublicHoliday]:
    """Those of which neither `holidays.csv` nor `special_hours.csv` says anything."""
    said = {
        (row["calendar_id"], row[column])
        for table, column in (("holidays", "holiday_on"), ("special_hours", "special_on"))
        for row in agreement.rows(table)
        if row[column] and row.holds(row[column])
    }
    return [each for each in known(agreement, begins, ends) if (each.calendar_id, each.on) not in said]


def unknown(agreement: Agreement, begins: date, ends: date) -> list[tuple[Row, str]]:
    """Rows of `holidays.csv` that give a country as the reason for a day that it does not keep, with the country."""
    keeps = {(each.calendar_id, each.on): each.places for each in known(agreement, begins, ends)}
    found = []
    for row in agreement.rows("holidays"):
        on, why = row["holiday_on"], row["why"] or ""
        if not (on and begins <= on < ends and row.holds(on) and why.startswith(_WHY)):
            continue
        for country in agreement.in_force("calendar_countries", on, calendar_id=row["calendar_id"]):
            place = place_of(agreement, country)
            named = re.search(rf"(?<!\w){re.escape(place)}(?!\w| \()", why)
            if named and place not in keeps.get((row["calendar_id"], on), ()):
                found.append((row, place))
    return found


def as_csv(days: list[PublicHoliday], today: date) -> str:
    """Lines to append to `holidays.csv`; each holds from the day it is written, so that the past stays as it was."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for each in days:
        key, why = f"{each.calendar_id}-{each.on}", _WHY + words.listed(each.places)
        writer.writerow((key, each.calendar_id, each.on, each.name, min(today, each.on), _OPEN, why))
    return text.getvalue()


def _of_row(row: Row, begins: date, ends: date) -> dict[date, str]:
    if not (row["country"] and row["subdivision"] and row["calendar_id"]):
        return {}
    try:
        found = of_country(row["country"], row["subdivision"], range(begins.year, ends.year + 1))
    except NotKnown:
        # The rules tell of it, at the row.
        return {}
    return {on: name for on, name in sorted(found.items()) if begins <= on < ends and row.holds(on)}
