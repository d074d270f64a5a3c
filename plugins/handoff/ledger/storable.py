"""JSON that Postgres can hold."""

import re
from typing import Any

# Text that JSON can carry and Postgres cannot: NUL and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "�"


def storable(value: Any) -> Any:
    """The same JSON value, with characters that Postgres cannot hold replaced by U+FFFD."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(_REPLACEMENT, value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value
