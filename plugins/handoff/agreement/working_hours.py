"""The part of the page that says when people work."""

from collections import defaultdict
from datetime import date, timedelta

from handoff.agreement import words
from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement, Row

AHEAD = timedelta(days=365)


def section(agreement: Agreement, day: date) -> Section:
    """Opening hours as they hold on a day, and the special hours and holidays that follow it."""
    order = "Hours are in the rep's own time zone. Special hours stand in for the weekday's; on holidays nobody works."
    tables = (_hours(agreement, day), _special(agreement, day), _holidays(agreement, day), _countries(agreement, day))
    return Section("Working hours", (order,), tables)


def _hours(agreement: Agreement, day: date) -> Table:
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in sorted(agreement.in_force("calendars", day), key=lambda row: row.cells.get("opens", "")):
        found[row["calendar_id"] or "", row["weekday"] or 0].append(f"{row.cells['opens']}–{row.cells['closes']}")
    calendars = sorted({name for name, _ in found})
    lines = [
        (name, *(words.listed(found.get((name, weekday), [])) or "closed" for weekday in range(1, 8)))
        for name in calendars
    ]
    return Table("Opening hours", ("Calendar", *words.WEEKDAYS), tuple(lines))


def _special(agreement: Agreement, day: date) -> Table:
    lines: dict[tuple[date, str, str], list[str]] = defaultdict(list)
    for (on, calendar, name), rows in _special_days(agreement, day).items():
        hours = words.listed(f"{row.cells['opens']} to {row.cells['closes']}" for row in rows)
        lines[on, name, hours].append(calendar)
    found = tuple((name, str(on), hours, words.listed(who)) for (on, name, hours), who in sorted(lines.items()))
    return Table("Special hours in the next twelve months", ("Name", "Day", "Open", "Calendars"), found)


def _special_days(agreement: Agreement, day: date) -> dict[tuple[date, str, str], list[Row]]:
    found: dict[tuple[date, str, str], list[Row]] = defaultdict(list)
    for row in sorted(agreement.rows("special_hours"), key=lambda row: row.cells.get("opens", "")):
        on = row["special_on"]
        if on and row.holds(on) and day <= on < day + AHEAD:
            found[on, row["calendar_id"] or "", row["name"] or ""].append(row)
    return found


def _holidays(agreement: Agreement, day: date) -> Table:
    lines: dict[tuple[date, str], list[str]] = defaultdict(list)
    for row in agreement.rows("holidays"):
        on = row["holiday_on"]
        if on and row.holds(on) and day <= on < day + AHEAD:
            lines[on, row["name"] or ""].append(row["calendar_id"] or "")
    rows = tuple((str(on), name, words.listed(calendars)) for (on, name), calendars in sorted(lines.items()))
    return Table("Holidays in the next twelve months", ("Day", "Name", "Calendars"), rows)


def _countries(agreement: Agreement, day: date) -> Table:
    lines = tuple(
        (
            row["calendar_id"] or "",
            row["country"] or "",
            "" if row["subdivision"] == "none" else row["subdivision"] or "",
            row.key,
            row["why"] or "",
        )
        for row in agreement.in_force("calendar_countries", day)
    )
    return Table("Whose public holidays are kept", ("Calendar", "Country", "Part", "Id", "Why"), lines)
