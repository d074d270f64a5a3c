"""A clock that a test moves, and what Slack holds."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.testing import RunningSandbox


class Clock:
    """It starts in the present, because Slack's history has its own."""

    def __init__(self) -> None:
        from handoff import clock

        self.at = clock.now()

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **amount: float) -> None:
        self.at += timedelta(**amount)


def told(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    """Our messages; people write in the channels, too."""
    return [each for each in sandbox.control("GET", "slack/messages")["messages"] if "metadata" in each]
