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
    _searches: deque[int] = field(default_factory=deque)
    _requests: deque[int] = field(default_factory=deque)
    _day: str = ""
    _today: int = 0

    def take(self, at: int, *, search: bool, exempt: bool) -> str | None:
        """Count one request; answers the policy that refuses it, if one does.

        `search` uses its own bucket, `exempt` (associations) none but the daily one.
        """
        self._roll(at)
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
        }

    def _policy(self, search: bool, exempt: bool) -> str | None:
        if self._today >= self.per_day:
            return "DAILY"
        if search:
            return "SECONDLY" if len(self._searches) >= self.per_second else None
        if not exempt and len(self._requests) >= self.per_ten_seconds:
            return "TEN_SECONDLY_ROLLING"
        return None

    def _roll(self, at: int) -> None:
        while self._searches and self._searches[0] <= at - 1000:
            self._searches.popleft()
        while self._requests and self._requests[0] <= at - 10_000:
            self._requests.popleft()
        day = datetime.fromtimestamp(at / 1000, UTC).astimezone(PORTAL_ZONE).date().isoformat()
        if day != self._day:
            self._day, self._today = day, 0
