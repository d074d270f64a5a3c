"""Dice that can be thrown again: HANDOFF_SEED sets them, and each run tells its own at the end (tests/conftest.py)."""

import os
import random
from collections.abc import Callable

VARIABLE = "HANDOFF_SEED"
Tell = Callable[[str, object], None]
"""Pytest's fixture `record_property`."""


def seed(otherwise: int | None = None) -> int:
    """What the environment says, or else the given one, or else another each time."""
    said = os.environ.get(VARIABLE)
    if said:
        return int(said)
    return random.SystemRandom().randrange(10**6) if otherwise is None else otherwise


def tell(record_property: Tell, number: int) -> None:
    """Let the run's summary have a test's seed, whether it passes or fails."""
    record_property(VARIABLE, number)
