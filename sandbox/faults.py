"""Bad days by plan: rules that delay, refuse, garble or cut off requests, by call number or by rate."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

KINDS = ("latency", "status", "rate_limit", "drop_before", "drop_after", "html", "truncate")


@dataclass
class Rule:
    """One fault. A rule sees the requests that it matches, and counts them from 1."""

    kind: str
    """`latency`: wait first. `status`: answer it, without doing the work. `rate_limit`: a 429 in the vendor's words.
    `drop_before`: close the connection, nothing done. `drop_after`: do the work, then close the connection.
    `html`: do the work, answer a page with 502. `truncate`: do the work, cut the body in half."""
    path: str = ""
    """Regular expression, searched in the path."""
    method: str = ""
    """Empty: any."""
    at: tuple[int, ...] = ()
    """Which calls, by number."""
    every: int = 0
    """Each n-th call."""
    rate: float = 0.0
    """Share of calls, between 0 and 1."""
    times: int = 0
    """At most so often; 0 = no end."""
    seconds: float = 0.0
    """How long `latency` waits."""
    status: int = 500
    policy: str = "TEN_SECONDLY_ROLLING"
    """HubSpot's policy for `rate_limit`."""
    calls: int = 0
    hits: int = 0

    def strikes(self, method: str, path: str, random: Random) -> bool:
        """Count a request, and say whether the fault befalls it."""
        if (self.method and self.method != method) or not re.search(self.path, path):
            return False
        self.calls += 1
        if self.times and self.hits >= self.times:
            return False
        unconditional = not (self.at or self.every or self.rate)
        by_number = self.calls in self.at or (self.every > 0 and self.calls % self.every == 0)
        if not (unconditional or by_number or random.random() < self.rate):
            return False
        self.hits += 1
        return True


def rule(body: dict[str, Any]) -> Rule:
    """A rule from JSON.

    Raises:
        ValueError: an unknown field or kind, or a pattern that cannot be read; the message says which.
    """
    known = {name for name in Rule.__dataclass_fields__ if name not in ("calls", "hits")}
    if unknown := set(body) - known:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r}: a fault has {', '.join(sorted(known))}")
    if body.get("kind") not in KINDS:
        raise ValueError(f"unknown kind {body.get('kind')!r}: give one of {', '.join(KINDS)}")
    try:
        re.compile(body.get("path", ""))
    except re.error as error:
        raise ValueError(f"path {body['path']!r} is not a regular expression: {error}") from error
    return Rule(**{**body, "at": tuple(body.get("at", ()))})


@dataclass
class Faults:
    """The rules in force; of several that strike at once, latencies add up and the first other one wins."""

    seed: int
    rules: list[Rule] = field(default_factory=list)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def strike(self, method: str, path: str) -> tuple[float, Rule | None]:
        """Seconds to wait, and the fault that befalls this request."""
        struck = [r for r in self.rules if r.strikes(method, path, self._random)]
        wait = sum(r.seconds for r in struck if r.kind == "latency")
        return wait, next((r for r in struck if r.kind != "latency"), None)
