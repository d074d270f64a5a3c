"""HubSpot's rate limits: 5 searches a second, 190 requests in any 10 seconds, and a daily quota."""

import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

PORTAL_ZONE = ZoneInfo("America/New_York")
_NAMES = {
    "DAILY": "You have reached your daily limit.",
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
}


def refusal(policy: str) -> dict[str, Any]:
    """The 429 body of one policy."""
    body: dict[str, Any] = {
        "status": "error",
        "message": _NAMES[policy],
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": str(uuid.uuid4()),
    }
    if policy == "TEN_SECONDLY_ROLLING":
        body["groupName"] = "publicapi:private-apps:api-calls-daily:900100"
    return body


@dataclass
class Limits:
    """One portal's buckets. Times are epoch milliseconds."""

    enabled: bool = True
    per_second: int = 5
    per_ten_seconds: int = 190
    per_day: int = 650_000
    refused: dict[str, int] = field(default_factory=lambda: {"DAILY": 0, "TEN_SECONDLY_ROLLING": 0, "SECONDLY": 0})
    peak_searches: int = 0
    """The most searches in any second, refused ones included."""
    peak_requests: int = 0
    """The most other requests in any ten seconds, refused ones included."""
    _searches: deque[int] = field(default_factory=deque)
    _requests: deque[int] = field(default_factory=deque)
    _tried_searches: deque[int] = field(default_factory=deque)
    _tried_requests: deque[int] = field(default_factory=deque)
    _day: str = ""
    _today: int = 0

    def take(self, at: int, *, search: bool, exempt: bool) -> str | None:
        """Count one request; answers the policy that refuses it, if one does.

        `search` uses its own bucket, `exempt` (associations) none but the daily one.
        """
        self._roll(at)
        self._try(at, search, exempt)
        policy = self._policy(search, exempt) if self.enabled else None
        if policy:
            self.refused[policy] += 1
            return policy
        self._today += 1
        if search:
            self._searches.append(at)
        elif not exempt:
            self._requests.append(at)
        return None

    def headers(self) -> dict[str, str]:
        """The rate headers that every answer but a search's carries."""
        return {
            "X-HubSpot-RateLimit-Daily": str(self.per_day),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.per_day - self._today)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(self.per_ten_seconds),
            "X-HubSpot-RateLimit-Remaining": str(max(0, self.per_ten_seconds - len(self._requests))),
        }

    def usage(self) -> dict[str, Any]:
        """What the control endpoint shows."""
        return {
            "enabled": self.enabled,
            "per_second": self.per_second,
            "per_ten_seconds": self.per_ten_seconds,
            "per_day": self.per_day,
            "today": self._today,
            "refused": self.refused,
            "peaks": {"searches_per_second": self.peak_searches, "requests_per_ten_seconds": self.peak_requests},
        }

    def forget(self) -> None:
        """Begin to count refusals and peaks anew; what is in the buckets stays."""
        self.refused = dict.fromkeys(self.refused, 0)
        self.peak_searches = self.peak_requests = 0
        self._tried_searches.clear()
        self._tried_requests.clear()

    def _try(self, at: int, search: bool, exempt: bool) -> None:
        if search:
            self._tried_searches.append(at)
            self.peak_searches = max(self.peak_searches, len(self._tried_searches))
        elif not exempt:
            self._tried_requests.append(at)
            self.peak_requests = max(self.peak_requests, len(self._tried_requests))

    def _policy(self, search: bool, exempt: bool) -> str | None:
        if self._today >= self.per_day:
            return "DAILY"
        if search:
            return "SECONDLY" if len(self._searches) >= self.per_second else None
        if not exempt and len(self._requests) >= self.per_ten_seconds:
            return "TEN_SECONDLY_ROLLING"
        return None

    def _roll(self, at: int) -> None:
        for moments in (self._searches, self._tried_searches):
            while moments and moments[0] <= at - 1000:
                moments.popleft()
        for moments in (self._requests, self._tried_requests):
            while moments and moments[0] <= at - 10_000:
                moments.popleft()
        day = datetime.fromtimestamp(at / 1000, UTC).astimezone(PORTAL_ZONE).date().isoformat()
        if day != self._day:
            self._day, self._today = day, 0
