"""What a property's value means: HubSpot answers `42` for `42.0`, and an instant in its own form."""

from datetime import datetime
from decimal import Decimal, InvalidOperation


def same(one: str, other: str) -> bool:
    """Whether two property values are equal as texts, numbers or instants."""
    return one == other or any(read(one) is not None and read(one) == read(other) for read in (_number, instant))


def instant(text: str) -> datetime | None:
    """An aware instant; None for any other text."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
