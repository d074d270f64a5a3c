"""The table of streams: when each is due, and what it says of itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handoff.extract.sources import SEARCHED, SOURCES, Source, is_due
from handoff.ledger.streams import STREAMS

CONNECT = Path(__file__).parents[3] / "docs" / "connect.md"
MINUTE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("polled", "now", "due"),
    [
        (None, 0.4, True),
        (0.4, 30.0, False),
        (0.4, 59.9, False),
        # A webhook's run polled late in its minute; the run on the minute polls all the same.
        (58.0, 60.3, True),
        (59.9, 60.0, True),
        (60.0, 60.0, False),
        # The database's clock may be a little ahead.
        (60.2, 60.1, False),
    ],
)
def test_once_in_each_minute(polled: float | None, now: float, due: bool) -> None:
    moved_at = None if polled is None else MINUTE + timedelta(seconds=polled)
    assert is_due(60, moved_at, MINUTE + timedelta(seconds=now)) is due


def test_no_minute_has_more_searches_than_one_second_takes() -> None:
    """A sixth search would wait for HubSpot's limit of five a second in a run that has nothing else to do."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    for minute in range(24 * 60):
        now = start + timedelta(minutes=minute, seconds=1)
        before = now - timedelta(minutes=1)
        due = [each.path for each in SEARCHED if is_due(each.every_seconds, before, now, each.offset_seconds)]
        assert len(due) <= 5, f"minute {minute}: {due}"


def test_every_stream_of_the_crm_is_declared_once() -> None:
    declared = [each.stream.name for each in SOURCES]
    assert len(declared) == len(set(declared))
    assert set(declared) == {each.name for each in STREAMS if each.name.startswith("hubspot_")}


@pytest.mark.parametrize("source", SOURCES, ids=lambda each: each.stream.name)
def test_each_says_what_its_absence_costs_and_the_manual_names_its_scope(source: Source) -> None:
    assert source.without
    assert source.way != "search" or (source.cursor_property and source.properties)
    assert f"`{source.scope}`" in CONNECT.read_text(encoding="utf-8")
