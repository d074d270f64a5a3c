"""How long a vendor asks to be left alone."""

LONGEST_S = 600.0


def seconds(retry_after: str | None) -> float:
    """Seconds to wait by a `Retry-After` header, between 1 and 600; vendors also send dates and nonsense."""
    text = (retry_after or "").strip()
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return float(min(max(int(text), 1), LONGEST_S)) if is_number else 1.0
