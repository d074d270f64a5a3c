"""Cells as values of their column's type."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Any


def convert(type_: str, text: str) -> Any:
    """The cell as a value of its column's type; None when it is none. Never raises."""
    if type_ == "boolean":
        return {"true": True, "false": False}.get(text)
    if type_ == "integer":
        number = int(text) if re.fullmatch(r"-?[0-9]{1,10}", text) else None
        return number if number is not None and -(2**31) <= number < 2**31 else None
    if type_ == "numeric":
        # Points are counted in hundredths.
        return Decimal(text) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", text) else None
    try:
        if type_ == "date":
            return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
        if type_ == "time":
            # The end of a day, which Python's `time` cannot say.
            return time.max if text == "24:00" else _minute(text)
    except ValueError:
        return None
    return text


def _minute(text: str) -> time | None:
    return time.fromisoformat(text) if re.fullmatch(r"[0-9]{2}:[0-9]{2}", text) else None
