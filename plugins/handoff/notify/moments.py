"""Moments and promises as a rep reads them, in the rep's own time zone."""

from datetime import datetime
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
    name = due.strftime("%Z")
    days = (due.date() - as_of.astimezone(local).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days) or f"{due:%a} {due.day} {due:%b}"
    return f"{due:%H:%M} {name if name.isalpha() else 'UTC' + due.isoformat()[-6:]} {day}"


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
