"""Who is let in at once, and what is counted and logged about those who are not."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

PLACES = 16
"""Requests that are worked on at once. HubSpot sends ten at a time unless told otherwise."""
MOST_INSIDE = 500
"""Requests at once whose bodies are still to come; slow ones cost hardly more than their connection."""
MOST_HELD = 16_000_000
"""Bytes of all bodies together."""
RETRY_AFTER_SECONDS = 1
LOG_EVERY_SECONDS = 60.0
BUSY = "too many requests at once; send it again"


class Refused(Exception):
    """A request that gets no further, with the status and the sentence of its answer.

    `detail` is for our log alone.
    """

    def __init__(self, status: int, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail

    @property
    def headers(self) -> dict[str, str]:
        """Of the answer. The rest of a body that was not read to its end is not worth waiting for."""
        headers = {"Connection": "close"} if self.status in (401, 408, 413, 503) else {}
        return headers | ({"Retry-After": str(RETRY_AFTER_SECONDS)} if self.status == 503 else {})


class Places:
    """Counts who is inside and who was refused, and keeps the log short whatever is sent."""

    def __init__(self, free: int = PLACES) -> None:
        self.inside, self.held, self.free = 0, 0, free
        self.refused: Counter[str] = Counter()
        """Requests since the process began, by path and status: "/slack/interactions 401"."""
        self._logged: dict[tuple[str, bool], tuple[float, int]] = {}

    @contextmanager
    def one(self, path: str) -> Iterator["Place"]:
        """Let a request in; what it held is given back when it leaves.

        Raises:
            Refused: 503 too many are inside; and every refusal of the request itself, counted.
        """
        place = Place(self)
        self.inside += 1
        try:
            if self.inside > MOST_INSIDE:
                raise Refused(503, BUSY)
            yield place
        except Refused as refused:
            self._count(f"{path} {refused.status}", refused)
            raise
        finally:
            self.inside -= 1
            self.held -= place.held
            self.free += place.works

    def _count(self, what: str, refused: Refused) -> None:
        self.refused[what] += 1
        kind = (what, bool(refused.detail))
        logged_at, count = self._logged.get(kind, (-LOG_EVERY_SECONDS, 0))
        if time.monotonic() - logged_at >= LOG_EVERY_SECONDS:
            self._logged[kind] = (time.monotonic(), self.refused[what])
            words = f"{refused.message}; {refused.detail}" if refused.detail else refused.message
            log.warning("%s: %s (%s requests since it was last said)", what, words, self.refused[what] - count)


class Place:
    """What one request inside has of what all share: bytes while its body comes, a working place once it is there.

    A sender who lets its bodies drip has neither, so that it keeps nobody out.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self.held, self.works = 0, False

    def hold(self, size: int) -> None:
        """Keep `size` more bytes of the body.

        Raises:
            Refused: 503 all bodies together are as large as they may be.
        """
        if self._places.held + size > MOST_HELD:
            raise Refused(503, BUSY)
        self._places.held += size
        self.held += size

    def work(self) -> None:
        """Take a working place, once.

        Raises:
            Refused: 503 none is free.
        """
        if self._places.free <= 0:
            raise Refused(503, BUSY)
        self._places.free -= 1
        self.works = True
