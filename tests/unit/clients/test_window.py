"""Who may go now: never one too many in any span of a limit, and the line before background work."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.clients.window import BACKGROUND_SHARE, Lane, Limit, Window, answered, ask, with_margin

SEARCH = (Limit(5, 1000),)
NOW = 1_795_000_000_000
STEPS = st.lists(st.tuples(st.sampled_from(["line", "background"]), st.integers(0, 400)), max_size=80)


def most_in_any(interval_ms: int, passages: list[int]) -> int:
    return max((sum(at <= each < at + interval_ms for each in passages) for at in passages), default=0)


def ask_all(limits: tuple[Limit, ...], steps: list[tuple[Lane, int]]) -> list[tuple[Lane, int]]:
    """Requests one after the other, each some milliseconds after the one before; those that were admitted."""
    window, now, admitted = Window(), NOW, []
    for lane, later in steps:
        now += later
        window, place = ask(window, limits, lane, now)
        if place.at is not None:
            admitted.append((lane, place.at))
    return admitted


@given(STEPS)
def test_never_more_than_the_limits_in_any_span(steps: list[tuple[Lane, int]]) -> None:
    limits = (Limit(5, 1000), Limit(12, 5000))
    admitted = ask_all(limits, steps)
    for limit in limits:
        assert most_in_any(limit.interval_ms, [at for _, at in admitted]) <= limit.requests
        behind = [at for lane, at in admitted if lane == "background"]
        assert most_in_any(limit.interval_ms, behind) <= limit.requests * BACKGROUND_SHARE


@given(STEPS)
def test_the_wait_is_long_enough_and_no_longer(steps: list[tuple[Lane, int]]) -> None:
    window, now = Window(), NOW
    for lane, later in steps:
        now += later
        window, place = ask(window, SEARCH, lane, now)
        if place.at is None and lane == "line":
            assert ask(window, SEARCH, "line", now + place.wait_ms - 2)[1].at is None
            assert ask(window, SEARCH, "line", now + place.wait_ms)[1].at is not None


def test_every_passage_has_a_millisecond_of_its_own() -> None:
    admitted = ask_all((Limit(100, 10_000),), [("line", 0)] * 100)
    assert [after - before for (_, before), (_, after) in pairwise(admitted)] == [1] * 99


def test_a_flood_behind_leaves_the_line_its_places() -> None:
    window = Window()
    for _ in range(50):
        window, _ = ask(window, SEARCH, "background", NOW)
    assert len(window.background) == 4
    _, place = ask(window, SEARCH, "line", NOW)
    assert place.at is not None


def test_nobody_behind_overtakes_a_line_request_that_waits() -> None:
    """Twelve background callers ask each millisecond; a line request only after the wait that it was told."""
    window, now, line_asks_at = Window(), NOW, NOW + 400
    line_places, behind = [], []
    while len(line_places) < 8:
        for _ in range(12):
            window, place = ask(window, SEARCH, "background", now)
            behind += [place.at] if place.at is not None else []
        if now >= line_asks_at:
            window, place = ask(window, SEARCH, "line", now)
            line_places += [place.at] if place.at is not None else []
            line_asks_at = now + place.wait_ms
        now += 1
    began = NOW + 400
    assert [at for at in behind if began <= at <= line_places[-1]] == []


def test_the_line_stops_waiting_and_background_goes_on() -> None:
    window = Window()
    for _ in range(6):
        window, place = ask(window, SEARCH, "line", NOW)
    later = NOW + place.wait_ms + 1
    assert ask(window, SEARCH, "background", later)[1].at is None
    assert ask(window, SEARCH, "background", later + 1000)[1].at is not None


def test_a_block_holds_for_everybody_but_who_has_sat_it_out() -> None:
    window = Window(blocked_until=NOW + 700)
    assert [ask(window, limits, "line", NOW)[1].wait_ms for limits in (SEARCH, ())] == [700, 700]
    assert ask(window, SEARCH, "line", NOW, sat_out=NOW + 700)[1].at == NOW
    assert ask(window, SEARCH, "background", NOW + 700)[1].at == NOW + 700


def test_a_slow_request_counts_from_its_answer() -> None:
    window = Window()
    for _ in range(5):
        window, place = ask(window, SEARCH, "line", NOW)
    assert place.at is not None
    window = answered(window, NOW, NOW + 300)
    assert ask(window, SEARCH, "line", NOW + 1001)[1].wait_ms == 1
    for _ in range(4):
        window, place = ask(window, SEARCH, "line", NOW + 1005)
        assert place.at is not None
    assert ask(window, SEARCH, "line", NOW + 1290)[1].at is None


def test_what_lies_behind_every_window_is_forgotten() -> None:
    window = Window(line=tuple(range(NOW, NOW + 5)), background=(NOW,))
    window, _ = ask(window, SEARCH, "line", NOW + 60_000)
    assert (window.line, window.background) == ((NOW + 60_000,), ())


@pytest.mark.parametrize("count", [1, 2])
def test_a_share_of_little_is_one(count: int) -> None:
    limits = with_margin((Limit(count, 1000),), 100)
    assert limits == (Limit(count, 1100),)
    window, place = ask(Window(), limits, "background", NOW)
    assert place.at is not None
    assert ask(window, limits, "background", NOW)[1].at is None
