"""The suites, plain JSON in `expectations/`: one file a gate."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from handoff.settings import settings

CONTACTS = "hubspot_contacts"
"""The gate on each landed batch; all others look at a view each quarter of an hour, and each minute while closed."""


class UnknownGate(LookupError):
    """No suite has this name; the message says which there are."""


def names() -> tuple[str, ...]:
    """Every gate, by name."""
    return tuple(sorted(path.stem for path in settings().expectations.glob("*.json")))


def suite(gate: str) -> dict[str, Any]:
    """A gate's suite.

    Raises:
        UnknownGate
    """
    if gate not in names():
        raise UnknownGate(f"there is no gate {gate!r}: there are {', '.join(names())}")
    return _read(settings().expectations / f"{gate}.json")


@cache
def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read
