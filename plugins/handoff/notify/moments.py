"""Moments and promises as a rep reads them, in the rep's own time zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; a message in UTC is better than none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def deadline(due_at: datetime, local: ZoneInfo, as_of: datetime) -> str:
    """A deadline, such as "14:05 EST today", "09:30 CET Mon 24 Nov" or "08:00 UTC-03:00 tomorrow"."""
    due = due_at.astimezone(local)
    days = (due.date() - as_of.astimezone(local).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days) or f"{due:%a} {due.day} {due:%b}"
    return f"{due:%H:%M} {_zone_name(due)} {day}"


def moment(at: datetime, local: ZoneInfo, as_of: datetime) -> str:
    """A past moment, such as "13:59" today or "21 Nov 19:59"."""
    then = at.astimezone(local)
    today = then.date() == as_of.astimezone(local).date()
    return f"{then:%H:%M}" if today else f"{then.day} {then:%b %H:%M}"


def business_time(minutes: int) -> str:
    """A promise in working time, such as "5 business minutes" or "4 business hours"."""
    hours, rest = divmod(minutes, 60)
    amount, unit = (hours, "hour") if hours and not rest else (minutes, "minute")
    return f"{amount} business {unit}{'' if amount == 1 else 's'}"


def told_at(at: datetime, local: ZoneInfo, as_of: datetime) -> str:
    """A past moment for readers in other zones too, such as "13:59 EST" or "21 Nov 19:59 UTC-03:00"."""
    return f"{moment(at, local, as_of)} {_zone_name(at.astimezone(local))}"


def elapsed(span: timedelta) -> str:
    """A length of time in its two largest units, such as "40 s", "4 min", "3 h 5 min" or "2 days 3 h"."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min")]
    first = next(place for place, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)


def _zone_name(local: datetime) -> str:
    name = local.strftime("%Z")
    return name if name.isalpha() else "UTC" + local.isoformat()[-6:]
