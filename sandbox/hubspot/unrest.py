"""A sender of webhooks on a bad day: events that come twice, late, in another order, under another's id, or never."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

Event = dict[str, Any]


@dataclass
class Unrest:
    """How often each thing goes wrong; shares between 0 and 1."""

    random: Random
    duplicate: float = 0.0
    """Events that come twice, every other time with an id of its own for the second."""
    shuffle: float = 0.0
    """Arrays whose events are in another order."""
    repeat_event_id: float = 0.0
    """Events that bear the id of the one before."""
    lose: float = 0.0
    """Events that are never sent."""
    delay_seconds: float = 0.0
    """How long each array waits before it is sent."""
    _last_id: int = 0

    def events(self, event: Event, next_id: Callable[[], int]) -> list[Event]:
        """What is sent of one event."""
        if self._strikes(self.lose):
            return []
        if self._last_id and self._strikes(self.repeat_event_id):
            event = event | {"eventId": self._last_id}
        self._last_id = event["eventId"]
        if not self._strikes(self.duplicate):
            return [event]
        again = event if self.random.random() < 0.5 else event | {"eventId": next_id()}
        return [event, again]

    def array(self, events: list[Event]) -> list[Event]:
        """One array's events, in the order in which they are sent."""
        return self.random.sample(events, len(events)) if self._strikes(self.shuffle) else events

    def _strikes(self, rate: float) -> bool:
        return rate > 0 and self.random.random() < rate
