"""What a rep may begin with: facts from what the lead did and where they came from, never a guess."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from handoff.notify.context import Activity, Context
from handoff.notify.text import clean

MOST = 3
AWAY = timedelta(days=30)
"""A silence that is worth a word."""
OURS = ("We ", "Automated e-mail", "E-mail not delivered", "Meeting cancelled")
"""Beginnings of what the lead did not do themselves (`seeds/reference/activity_kinds.csv`)."""


def points(context: Context, local: ZoneInfo, as_of: datetime) -> list[str]:
    """At most `MOST` sentences, not escaped: what they did again, that they came back, and the campaign.

    The activities of a context are the newest without a gap, so that "3 times since Monday" counts every one.
    """
    theirs = [each for each in context.activities if clean(each.summary) and not each.summary.startswith(OURS)]
    again = _repeated(theirs, local, as_of)
    campaign = clean(context.attribution.campaign)
    came = [f"Came through the campaign “{campaign}”"] if campaign else []
    return [*again[:1], *_back(theirs, local, as_of), *came, *again[1:]][:MOST]


def _repeated(theirs: Sequence[Activity], local: ZoneInfo, as_of: datetime) -> list[str]:
    """What was done more than once, the most often first, the most recent of equals first."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for each in theirs:
        times[clean(each.summary)].append(each.occurred_at)
    often = sorted(
        ((summary, moments) for summary, moments in times.items() if len(moments) > 1),
        key=lambda item: (len(item[1]), max(item[1]), item[0]),
        reverse=True,
    )
    return [f"{summary} {len(moments)} times {_since(min(moments), local, as_of)}" for summary, moments in often]


def _back(theirs: Sequence[Activity], local: ZoneInfo, as_of: datetime) -> list[str]:
    """The newest long silence, if there was one."""
    moments = sorted((each.occurred_at for each in theirs), reverse=True)
    for later, earlier in pairwise(moments):
        if later - earlier >= AWAY:
            return [f"Back {_on(later, local, as_of)} after {(later - earlier).days} days without a sign"]
    return []


def _since(at: datetime, local: ZoneInfo, as_of: datetime) -> str:
    return "today" if _is_today(at, local, as_of) else f"since {_day(at, local)}"


def _on(at: datetime, local: ZoneInfo, as_of: datetime) -> str:
    return "today" if _is_today(at, local, as_of) else f"on {_day(at, local)}"


def _is_today(at: datetime, local: ZoneInfo, as_of: datetime) -> bool:
    return at.astimezone(local).date() == as_of.astimezone(local).date()


def _day(at: datetime, local: ZoneInfo) -> str:
    then = at.astimezone(local)
    return f"{then:%a} {then.day} {then:%b}"
