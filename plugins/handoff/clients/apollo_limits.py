"""Apollo's rate limits: windows of a minute, an hour and a day for each endpoint.

A window opens with its first request. No more than its limit in any span of its length is never more than its limit.

https://docs.apollo.io/reference/rate-limits
"""

from collections.abc import Mapping

from handoff.clients.budget import Policy
from handoff.clients.window import Limit

WINDOWS = {"minute": 60_000, "hourly": 3_600_000, "24-hour": 86_400_000}
"""Lengths in milliseconds, by the name that the headers use."""
SMALLEST_PLAN = (50, 200, 600)
SMALLEST_PLAN_BULK = (20, 100, 600)
USED_UP_S = 60.0
"""How long to keep away when somebody else has used an endpoint up: Apollo does not say when its windows open."""
MARGIN_MS = 1000


def policy_of(endpoint: str) -> Policy:
    """The limits of an endpoint until it has said its own."""
    counts = SMALLEST_PLAN_BULK if "bulk" in endpoint else SMALLEST_PLAN
    return Policy(endpoint, tuple(map(Limit, counts, WINDOWS.values())), margin_ms=MARGIN_MS)


def told(headers: Mapping[str, str]) -> tuple[tuple[Limit, ...], bool]:
    """The limits that an answer names, and whether one of them is used up; a window without a limit has no number."""
    limits, is_used_up = [], False
    for name, length_ms in WINDOWS.items():
        count, left = headers.get(f"x-rate-limit-{name}", ""), headers.get(f"x-{name}-requests-left", "")
        if count.isascii() and count.isdigit() and int(count) > 0:
            limits.append(Limit(int(count), length_ms))
        is_used_up = is_used_up or left == "0"
    return tuple(limits), is_used_up
