"""What the sandbox's own log says."""

from typing import Any

from sandbox.testing import RunningSandbox


def requests(sandbox: RunningSandbox, path: str = "/crm/") -> list[dict[str, Any]]:
    """What the vendor has seen, oldest first."""
    return list(sandbox.control("GET", f"log?path={path}&limit=100000")["requests"])


def statuses(sandbox: RunningSandbox, path: str = "/crm/") -> set[int]:
    """With which the vendor answered."""
    return {each["status"] for each in requests(sandbox, path)}


def most_in_any(interval_ms: int, seen: list[dict[str, Any]]) -> int:
    """The most requests that arrived in any interval of that length."""
    times = [each["t"] for each in seen]
    return max((sum(at <= each < at + interval_ms for each in times) for at in times), default=0)
