"""What must be decided before its day comes: public holidays that are near, and calendars whose holidays run out.

Apart from the other rules, which say the same whatever the day: an agreement is no worse for it, and can go live.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from handoff.agreement import words
from handoff.agreement.model import Agreement, Problem
from handoff.agreement.public_holidays import missing, place_of

AHEAD = timedelta(days=365)
"""How long before it comes a public holiday must be decided."""
SOON = timedelta(days=60)
"""How long before the last holiday of a calendar more must be written."""
_REMEDY = "append what `handoff agreement holidays` prints, or write special hours for days on which people work"


def problems(agreement: Agreement, today: date) -> Iterator[Problem]:
    """Warnings that hold on a day."""
    yield from _undecided(agreement, today)
    yield from _running_out(agreement, today)


def _undecided(agreement: Agreement, today: date) -> Iterator[Problem]:
    lacking = missing(agreement, today, today + AHEAD)
    for row in agreement.rows("calendar_countries"):
        place, calendar = place_of(agreement, row), row["calendar_id"]
        days = [
            each for each in lacking if each.calendar_id == calendar and place in each.places and row.holds(each.on)
        ]
        if days:
            listed = words.listed(f"{each.on} ({each.name})" for each in days)
            wrong = f"nothing says whether calendar {calendar} is open on public holidays in {place}: {listed}"
            yield row.problem("country", wrong, _REMEDY, "warning")


def _running_out(agreement: Agreement, today: date) -> Iterator[Problem]:
    for calendar in sorted({row["calendar_id"] or "" for row in agreement.in_force("calendar_countries", today)}):
        rows = [row for row in agreement.rows("holidays", calendar_id=calendar) if row["holiday_on"]]
        last = max(rows, key=lambda row: row["holiday_on"], default=None)
        if last and last["holiday_on"] < today + SOON:
            wrong = f"the holidays of calendar {calendar} end with {last['holiday_on']}"
            yield last.problem("holiday_on", wrong, _REMEDY, "warning")
