"""One Apollo team: its credits, and fixed windows per endpoint that the first request opens."""

import hashlib
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.apollo.phones import Phones

WINDOWS = (("minute", 60_000), ("hourly", 3_600_000), ("24-hour", 86_400_000))
_ENRICHMENT: dict[str, int | None] = {"minute": 1000, "hourly": None, "24-hour": None}
_DEFAULT: dict[str, int | None] = {"minute": 200, "hourly": 600, "24-hour": 6000}
CAPS = {"people/match": _ENRICHMENT, "organizations/enrich": _ENRICHMENT, "people/bulk_match": _ENRICHMENT}
CAPS["organizations/bulk_enrich"] = _ENRICHMENT


@dataclass
class Account:
    """Credits left, calls made in each endpoint's windows, and phone numbers that are looked for."""

    credits: int
    limited: bool
    consumed: int = 0
    requests: int = 0
    inaccessible: set[str] = field(default_factory=set)
    """Endpoints that the API key does not open, such as `people/match`."""
    phones: Phones = field(default_factory=Phones)
    _opened: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def take(self, endpoint: str) -> tuple[str | None, dict[str, str]]:
        """Count a call: the window that refuses it, if one does, and the rate headers."""
        now, refused = clock.now(), None
        headers: dict[str, str] = {}
        caps = CAPS.get(endpoint, _DEFAULT)
        for name, length in WINDOWS:
            began, used = self._opened.get((endpoint, name), (now, 0))
            if now - began >= length:
                began, used = now, 0
            cap = caps[name]
            if self.limited and cap is not None and used >= cap:
                refused = refused or name
                headers["retry-after"] = str(max(1, (began + length - now) // 1000))
            else:
                used += 1
            self._opened[endpoint, name] = began, used
            headers[f"x-rate-limit-{name}"] = "" if cap is None else str(cap)
            headers[f"x-{name}-usage"] = str(used)
            headers[f"x-{name}-requests-left"] = "" if cap is None else str(max(0, cap - used))
        return refused, headers

    def charge(self, credits: int = 1) -> None:
        """Pay for an answer that holds data."""
        self.credits -= credits
        self.consumed += credits

    def request_id(self) -> int:
        """The next request's id: signed 64 bits, negative as often as not."""
        self.requests += 1
        digest = hashlib.sha256(f"request:{self.requests}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def usage(self) -> dict[str, dict[str, dict[str, int | None]]]:
        """Per endpoint and window: the cap, what was used, what is left."""
        stats: dict[str, dict[str, dict[str, int | None]]] = {}
        for (endpoint, window), (_, used) in self._opened.items():
            cap = CAPS.get(endpoint, _DEFAULT)[window]
            left = None if cap is None else max(0, cap - used)
            stats.setdefault(endpoint, {})[window] = {"limit": cap, "consumed": used, "left_over": left}
        return stats
