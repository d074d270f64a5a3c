"""The board's table of streams: how far each has been read, and whether that is as it should be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.extract.overview import StreamState
from handoff.extract.sources import SOURCES
from handoff.web.pages.marks import Mark

SHORTEST_DELAY = timedelta(minutes=5)
"""A stream is late when it has missed three of its turns, and not before this: a run of the line may take a while."""
UNCERTAIN_FOR = timedelta(hours=1)
"""The slow pass looks every quarter of an hour, up to a quarter of an hour ago: by then it has missed two turns."""
NO_ACCESS, LATE = "no access", "late"
_TURN = {each.stream.name: timedelta(seconds=each.every_seconds) for each in SOURCES}


@dataclass(frozen=True)
class StreamRow:
    """One stream. `word` is its state, `lag` how far what is known for certain lies behind the present; None where
    nothing is."""

    state: StreamState
    mark: Mark
    word: str
    certain_until: datetime | None
    lag: timedelta | None

    @property
    def is_late(self) -> bool:
        """Whether it has missed its turns though it may be read."""
        return self.word == LATE


def rows(states: Iterable[StreamState], as_of: datetime) -> tuple[StreamRow, ...]:
    """Every stream with its state, in the given order."""
    return tuple(_row(each, as_of) for each in states)


def _row(state: StreamState, as_of: datetime) -> StreamRow:
    # A list is read whole each time: what was seen is certain.
    certain_until = state.seen_until if state.way == "list" else state.watermark
    lag = as_of - certain_until if certain_until else None
    mark, word = _judge(state, lag, as_of)
    return StreamRow(state, mark, word, certain_until, lag)


def _judge(state: StreamState, lag: timedelta | None, as_of: datetime) -> tuple[Mark, str]:
    if state.lacks:
        return "act", NO_ACCESS
    if state.seen_until is None:
        return "note", "not read yet"
    if as_of - state.seen_until > max(3 * _TURN[state.stream], SHORTEST_DELAY):
        return "act", LATE
    if lag is None or (state.way != "list" and lag > UNCERTAIN_FOR):
        return "note", "not certain"
    return "fine", "read"
