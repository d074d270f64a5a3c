"""How templates write moments, spans of time, numbers and names."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from handoff.notify.text import in_words

_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
_WITHOUT_SECONDS = 600


def moment(at: datetime, as_of: datetime | None = None) -> str:
    """An instant in UTC, to the second: "24 Nov 23:48:28", or "23:48:28" on the day of `as_of`, which the page says.

    The page says once, too, that its times are UTC.
    """
    at = at.astimezone(UTC)
    is_same_day = as_of is not None and as_of.astimezone(UTC).date() == at.date()
    return f"{at:%H:%M:%S}" if is_same_day else f"{at.day} {at:%b %H:%M:%S}"


def iso(at: datetime) -> str:
    """The same instant for a `datetime` attribute: "2026-11-24T23:48:28Z"."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def span(time: timedelta) -> str:
    """A length of time as one would say it: "14 s", "3 min 20 s", "19 min", "2 h 5 min", "3 d 4 h"; "0 s" for less
    than none, because two clocks may differ by a little."""
    seconds = max(0, int(time.total_seconds()))
    if seconds >= _WITHOUT_SECONDS:
        seconds -= seconds % 60
    for unit, name, smaller, smaller_name in _UNITS:
        if seconds >= unit:
            rest = seconds % unit // smaller
            return f"{seconds // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{seconds} s"


def until(at: datetime, as_of: datetime) -> str:
    """How far a deadline is away: "in 4 min 12 s", or "3 min over"."""
    return f"in {span(at - as_of)}" if at > as_of else f"{span(as_of - at)} over"


def seconds(value: float | None) -> str:
    """A length of time in seconds, as `span` says it, with a decimal below ten seconds; "–" for none."""
    if value is None:
        return "–"
    return f"{value:.1f} s" if 0 <= value < 10 else span(timedelta(seconds=value))


def wait(value: float | None) -> str:
    """Seconds from one thing to the next, as `seconds` says them; "5 min before" where the next came first."""
    return f"{seconds(-value)} before" if value is not None and value < 0 else seconds(value)


def number(value: int) -> str:
    """A whole number with its thousands apart: "12,345"."""
    return f"{value:,}"


def stream(name: str) -> str:
    """A stream of the CRM as people call it: "form submissions" for `hubspot_form_submissions`."""
    return name.removeprefix("hubspot_").replace("_", " ")


FILTERS: dict[str, Callable[..., str | None]] = {
    "moment": moment,
    "iso": iso,
    "span": span,
    "until": until,
    "seconds": seconds,
    "wait": wait,
    "number": number,
    "stream": stream,
    "in_words": in_words,
}
"""By their name in templates."""
