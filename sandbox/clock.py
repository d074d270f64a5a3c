"""The only place in the sandbox that asks the time. Instants are epoch milliseconds, as HubSpot keeps them."""

import time
from datetime import UTC, datetime, timedelta

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """The present, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def now_micros() -> int:
    """The present, in epoch microseconds (Slack's message timestamps)."""
    return time.time_ns() // 1_000


def ticks() -> float:
    """Seconds on a clock that never goes back; for durations only."""
    return time.monotonic()


def iso(at: int) -> str:
    """`1726061259356` → `2024-09-11T13:27:39.356Z`."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def parse(text: str) -> int:
    """Epoch milliseconds of an ISO date or date-time, or of a string of milliseconds.

    Raises:
        ValueError: it is neither.
    """
    stripped = text.strip()
    if stripped.removeprefix("-").isdigit() and len(stripped) != 8:
        return int(stripped)
    moment = datetime.fromisoformat(stripped)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def day_start(at: int) -> int:
    """Midnight UTC of the day that holds `at`."""
    return at - at % DAY


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
