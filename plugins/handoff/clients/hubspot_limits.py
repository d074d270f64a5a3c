"""HubSpot's rate limits: its policies, and what its answers say of them.

https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handoff.clients.budget import Policy
from handoff.clients.window import Limit

SEARCH = Policy("search", (Limit(5, 1000),))
"""Of the whole account, whatever the plan; answers carry no headers."""
TEN_SECONDLY = Policy("ten_secondly", (Limit(100, 10_000),))
"""Of the app: 100 on the smallest plan, what the answers say on others."""
ASSOCIATIONS = Policy("associations", ())
"""Associations count for the day only."""


class Told(NamedTuple):
    """What an answer's headers say; None and empty for what they do not."""

    limits: tuple[Limit, ...]
    """Of `TEN_SECONDLY`."""
    day: tuple[int, int] | None
    """Quota and what is left of it."""


def policy_of(path: str) -> Policy:
    """The policy that a request counts for."""
    if path.endswith("/search"):
        return SEARCH
    return ASSOCIATIONS if path.startswith(("/crm/associations/", "/crm/v4/associations/")) else TEN_SECONDLY


def told(headers: Mapping[str, str]) -> Told:
    """Read `X-HubSpot-RateLimit-*`; what is absent or no whole number says nothing."""
    count, interval, day, left = (
        _number(headers.get(f"x-hubspot-ratelimit-{name}", ""))
        for name in ("max", "interval-milliseconds", "daily", "daily-remaining")
    )
    limits = (Limit(count, interval),) if count and interval else ()
    return Told(limits, (day, left) if day and left is not None else None)


def day_ends(now: datetime, time_zone: str) -> datetime:
    """Next midnight in the portal's time zone, in UTC; the next full hour while the zone is not known.

    Any zone's midnight is on a full hour or shortly after one, so that an unknown one costs a call an hour.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone).astimezone(UTC)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
