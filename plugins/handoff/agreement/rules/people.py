"""Where people work: time zones that exist."""

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of the time zones of reps and of the company."""
    for row in agreement.rows("reps") + agreement.rows("company"):
        yield from _zone(row)


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
