"""The only place that asks what time it is; everything else takes `as_of`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, as an aware UTC datetime."""
    return datetime.now(UTC)
