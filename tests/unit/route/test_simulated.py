"""What a simulation comes to, worked out by hand."""

from datetime import date, timedelta

import pytest

from handoff.route.simulate import Given
from handoff.route.simulated import RepLoad, document, outcome
from tests.unit.route.handed import NOON

MINUTE = timedelta(minutes=1)
END = NOON + 100 * MINUTE
DAY = date(2026, 11, 25)
MEMBERS = [
    {"pool_id": "na", "rep_id": rep_id, "weight": weight, "valid_from": "2026-01-01", "valid_to": valid_to}
    for rep_id, weight, valid_to in (("ana", 1, "9999-12-31"), ("ben", 2, "9999-12-31"), ("left", 9, "2026-11-25"))
]


def given(
    number: int,
    rep_id: str | None = "ana",
    *,
    at: int = 0,
    due: int | None = 30,
    called: int | None = None,
    ended: int | None = None,
) -> Given:
    """All in minutes after the begin of the span; a call ends it unless something did before."""
    last = called if ended is None else ended
    moments = (None if each is None else NOON + each * MINUTE for each in (due, called, last))
    return Given(str(number), "high", NOON + at * MINUTE, rep_id, "na" if rep_id else None, "why", *moments)


@pytest.mark.parametrize(
    ("said", "is_breach"),
    [
        (given(1, called=30), False),
        (given(1, called=31), True),
        (given(1), True),
        (given(1, ended=30), False),
        (given(1, ended=31), True),
        (given(1, due=100), False),
        (given(1, due=101), False),
        (given(1, due=101, called=130), False),
        (given(1, None, due=None), False),
        (given(1, called=90, ended=20), False),
    ],
    ids=[
        "called in time",
        "called late",
        "never called",
        "rejected or withdrawn in time",
        "rejected or withdrawn late",
        "due at the end",
        "due after the end",
        "due after the end and called later still",
        "nobody had it",
        "rejected in time and called all the same",
    ],
)
def test_a_promise_is_broken_as_in_the_marts(said: Given, is_breach: bool) -> None:
    assert said.is_breach(END) is is_breach
    assert outcome("x", {"pool_members": MEMBERS}, [said], DAY, END).breaches == is_breach


def test_load_fairness_and_wait() -> None:
    rows = [
        given(1, "ana", at=0, called=10),
        given(2, "ana", at=5, called=40),
        given(3, "ana", at=10, due=45),
        given(4, "ana", at=10, due=45, ended=20),
        given(5, "ben", at=10, called=12),
        given(6, "ben", at=12, called=16),
        given(7, None, due=None),
    ]
    found = outcome("now", {"pool_members": MEMBERS}, rows, DAY, END)
    assert (found.label, found.on, found.arrivals, found.nobody) == ("now", DAY, 7, (("7", "why"),))
    # Ana has the second, third and fourth at once after the first was called, and at that very moment no more.
    assert found.reps == (RepLoad("ana", 4, 3, 2), RepLoad("ben", 2, 1, 0))
    assert found.breaches == 2
    # Six leads by weights of 1 and 2 are two and four; who has left counts for nothing.
    assert found.unfairness == {"na": 2.0}
    # Of 2, 4, 10 and 35 minutes.
    assert found.wait_median == 7.0
    assert found.wait_p90 == 27.5
    nothing = outcome("now", {"pool_members": MEMBERS}, [], DAY, END)
    assert (nothing.wait_median, nothing.wait_p90, nothing.unfairness, nothing.reps) == (None, None, {}, ())


@pytest.mark.parametrize(("left_out", "is_told"), [(0, False), (1200, True)])
def test_what_is_left_out_is_told(left_out: int, is_told: bool) -> None:
    side = outcome("a", {"pool_members": MEMBERS}, [given(1)], DAY, END, left_out)
    said = " ".join(document(side, side, NOON, END).summary)
    assert ("1,200 more handoffs of that span are left out" in said) is is_told
