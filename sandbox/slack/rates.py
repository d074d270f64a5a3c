"""How often Slack's methods may be called, and how often they were: buckets that refuse, and peaks that prove."""

from collections import deque
from dataclasses import dataclass, field

MESSAGE = "chat.postMessage"
"""Its rate holds per channel; all others hold for the workspace."""
BURST = 5
"""Messages that one channel takes at once before one a second holds; Slack tolerates bursts, and promises none."""
PER_MINUTE = {
    "chat.update": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "conversations.open": 50,
    "conversations.list": 20,
    "conversations.history": 50,
    "conversations.replies": 50,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "reactions.add": 50,
    "users.info": 100,
    "users.lookupByEmail": 50,
    "views.open": 100,
    "views.update": 100,
}
"""Calls a minute per method, by the vendor's tiers."""


@dataclass
class Bucket:
    """Fills at a constant rate up to a capacity."""

    capacity: float
    per_second: float
    level: float
    at: float

    def take(self, now: float) -> float:
        """Take one, or answer how many seconds are missing."""
        self.level = min(self.capacity, self.level + (now - self.at) * self.per_second)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.per_second


@dataclass
class Meter:
    """Calls of one method, in one channel where the rate holds per channel. Refused ones count, too."""

    method: str
    channel: str
    calls: int = 0
    refused: int = 0
    per_second: int = 0
    """The most in any second, wherever it begins."""
    per_minute: int = 0
    _second: deque[float] = field(default_factory=deque)
    _minute: deque[float] = field(default_factory=deque)

    def count(self, now: float, refused: bool) -> None:
        """Note a call."""
        self.calls += 1
        self.refused += refused
        for window, seconds in ((self._second, 1.0), (self._minute, 60.0)):
            window.append(now)
            while now - window[0] >= seconds:
                window.popleft()
        self.per_second = max(self.per_second, len(self._second))
        self.per_minute = max(self.per_minute, len(self._minute))

    def seen(self) -> dict[str, str | int]:
        """Calls, refusals and peaks; `tier` is what the vendor promises a minute."""
        return {
            "method": self.method,
            "channel": self.channel,
            "calls": self.calls,
            "refused": self.refused,
            "peakPerSecond": self.per_second,
            "peakPerMinute": self.per_minute,
            "tier": PER_MINUTE.get(self.method, 60),
        }


@dataclass
class Rates:
    """All buckets and meters of one workspace."""

    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _meters: dict[tuple[str, str], Meter] = field(default_factory=dict)

    def take(self, method: str, channel: str, now: float, limited: bool) -> float:
        """Count a call at `now` seconds: 0 when it is admitted, else the seconds to wait."""
        if method != MESSAGE and method not in PER_MINUTE:
            return 0.0
        key = (method, channel if method == MESSAGE else "")
        capacity, rate = (float(BURST), 1.0) if method == MESSAGE else (PER_MINUTE[method], PER_MINUTE[method] / 60)
        missing = self._buckets.setdefault(key, Bucket(capacity, rate, capacity, now)).take(now) if limited else 0.0
        self._meters.setdefault(key, Meter(*key)).count(now, missing > 0)
        return missing

    def forget(self) -> None:
        """Count anew; the buckets stay as full as they are."""
        self._meters.clear()

    def seen(self) -> list[dict[str, str | int]]:
        """Every meter, by method and channel."""
        return [meter.seen() for _, meter in sorted(self._meters.items())]
