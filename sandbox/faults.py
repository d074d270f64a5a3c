"""Bad days by plan: rules that delay, refuse, garble or cut off requests, by call number or by rate."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.fault_kinds import EDGE, KINDS


@dataclass
class Rule:
    """One fault. A rule sees the requests that it matches, and counts them from 1."""

    kind: str
    """A name in `sandbox.fault_kinds.KINDS`."""
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
    """How long a fault that waits or lags does so."""
    status: int = 500
    policy: str = "TEN_SECONDLY_ROLLING"
    """HubSpot's policy for `rate_limit`."""
    count: int = 1
    """How many results a fault takes away."""
    named: bool = True
    """Whether an answer says what it leaves out."""
    scopes: tuple[str, ...] = ()
    """HubSpot's scopes that are missing; empty = those of the path."""
    error: str = ""
    """A vendor's own word for what is wrong."""
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
    return Rule(**{**body, "at": tuple(body.get("at", ())), "scopes": tuple(body.get("scopes", ()))})


@dataclass
class Faults:
    """The rules in force.

    The edge applies its own kinds to every request; of several that strike at once, latencies add up and the first
    other one wins. All other kinds wait until a vendor's code asks with `rule_for`, and count what it asks about.
    """

    seed: int
    rules: list[Rule] = field(default_factory=list)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def strike(self, method: str, path: str) -> tuple[float, Rule | None]:
        """Seconds to wait, and the edge's fault that befalls this request."""
        mine = [r for r in self.rules if KINDS[r.kind].by == EDGE]
        struck = [r for r in mine if r.strikes(method, path, self._random)]
        wait = sum(r.seconds for r in struck if r.kind == "latency")
        return wait, next((r for r in struck if r.kind != "latency"), None)

    def rule_for(self, kind: str, method: str, path: str) -> Rule | None:
        """The first rule of a kind that befalls this request; a vendor's code asks once for each request and kind.

        Every rule of the kind that matches counts the request, also when an earlier one strikes.
        """
        struck = [r for r in self.rules if r.kind == kind and r.strikes(method, path, self._random)]
        return struck[0] if struck else None

    def applies(self, kind: str, method: str, path: str) -> bool:
        """Whether a fault without parameters befalls this request; counts it as `rule_for` does."""
        return self.rule_for(kind, method, path) is not None
