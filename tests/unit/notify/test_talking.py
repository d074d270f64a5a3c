"""What a rep may begin with: only what the evidence says."""

from datetime import timedelta

import pytest

from handoff.notify.context import Activity, Attribution
from handoff.notify.moments import zone
from handoff.notify.talking import MOST, OURS, points
from tests.unit.notify.contexts import NOW, make

LOCAL = zone("America/New_York")
PRICING, DOCS = "Viewed /pricing", "Viewed /docs"


def said(*acts: tuple[float, str], campaign: str | None = None) -> list[str]:
    """Points from acts so many days ago, the newest first."""
    activities = tuple(Activity(NOW - timedelta(days=days), summary) for days, summary in acts)
    return points(make(activities=activities, attribution=Attribution(campaign=campaign)), LOCAL, NOW)


def test_nothing_is_made_up() -> None:
    assert said() == []
    assert said((0, PRICING), (1, DOCS)) == []
    assert said(campaign=" null ") == []


def test_what_they_did_again_is_counted_since_the_first_time() -> None:
    assert said((0, PRICING), (1, DOCS), (2, PRICING), (4, PRICING)) == [f"{PRICING} 3 times since Mon 16 Nov"]
    assert said((0, PRICING), (0.1, PRICING)) == [f"{PRICING} 2 times today"]


def test_the_day_is_the_reps_own() -> None:
    # 18:59 UTC less 14 h is 04:59 UTC: 23:59 of the day before in New York.
    assert said((0, PRICING), (14 / 24, PRICING)) == [f"{PRICING} 2 times since Thu 19 Nov"]


def test_the_most_often_comes_first_and_the_most_recent_of_equals() -> None:
    assert said((0, DOCS), (1, PRICING), (2, DOCS), (3, PRICING)) == [
        f"{DOCS} 2 times since Wed 18 Nov",
        f"{PRICING} 2 times since Tue 17 Nov",
    ]


def test_a_long_silence_is_told_and_a_short_one_is_not() -> None:
    assert said((0, PRICING), (30, DOCS)) == ["Back today after 30 days without a sign"]
    assert said((0, PRICING), (29.99, DOCS)) == []
    assert said((3, PRICING), (50, DOCS)) == ["Back on Tue 17 Nov after 47 days without a sign"]


@pytest.mark.parametrize("ours", [f"{beginning} x" for beginning in OURS])
def test_what_we_did_is_no_sign_of_theirs(ours: str) -> None:
    assert said((0, ours), (1, ours), (2, ours)) == []
    assert said((0, PRICING), (20, ours), (40, DOCS)) == ["Back today after 40 days without a sign"]


def test_the_campaign_is_named_and_there_are_three_at_most() -> None:
    acts = [(0, PRICING), (1, DOCS), (2, PRICING), (3, DOCS), (50, DOCS)]
    told = said(*acts, campaign="Autumn <!channel>")
    assert told == [
        f"{DOCS} 3 times since Thu 1 Oct",
        "Back on Tue 17 Nov after 47 days without a sign",
        "Came through the campaign “Autumn <!channel>”",
    ]
    assert len(told) == MOST
