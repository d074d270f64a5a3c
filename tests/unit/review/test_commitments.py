"""What each side promised is judged of each product that promised it."""

from datetime import date, timedelta

import pytest

from handoff.review.pack import commitments
from handoff.review.pack.figures import Figure, Figures
from handoff.review.pack.names import Names

WEEK = date(2026, 3, 9)
NAMES = Names({})


def figure(
    name: str, dimension: str, member: str, target: float | None, *, week: date = WEEK, done: bool = True
) -> Figure:
    """Six of ten, kept when that is as much as was promised."""
    counts, shares, times = (10, 10, 6, 0), (0.6, 0.3, 0.8), (None, None)
    is_kept = None if target is None or not done else target <= 0.6
    return Figure(week, name, dimension, member, *counts, *shares, *times, target, is_kept, done)


def test_of_several_products_each_has_its_own_verdict() -> None:
    found = Figures(
        [
            figure("acceptance", "all", "all", None),
            figure("acceptance", "product", "p", 0.5),
            figure("acceptance", "product", "q", 0.7),
        ]
    )
    told = commitments.section(found, WEEK, NAMES)
    assert [line for line in told.paragraphs if "accepts" in line] == [
        "Marketing: kept. Share of handoffs that sales accepts, p: 60 % (30 to 80 %), 6 of 10; promised 50 %.",
        "Marketing: missed. Share of handoffs that sales accepts, q: 60 % (30 to 80 %), 6 of 10; promised 70 %.",
    ]


@pytest.mark.parametrize(
    ("promised", "verdict"),
    [
        (0.5, "Marketing: kept. Share of handoffs that sales accepts, p: 60 % (30 to 80 %), 6 of 10; promised 50 %."),
        (None, "Marketing promised nothing about this: share of handoffs that sales accepts, p."),
    ],
)
def test_a_product_is_not_judged_by_the_promise_of_one_that_had_no_handoff(
    promised: float | None, verdict: str
) -> None:
    found = Figures(
        [
            figure("acceptance", "all", "all", 0.7),
            figure("acceptance", "product", "p", promised),
            figure("handoffs", "product", "p", None),
            figure("handoffs", "product", "q", None),
        ]
    )
    assert [line for line in commitments.section(found, WEEK, NAMES).paragraphs if "accepts" in line] == [verdict]


def test_one_product_is_not_named() -> None:
    found = Figures([figure("acceptance", each, member, 0.5) for each, member in (("all", "all"), ("product", "p"))])
    (line,) = (each for each in commitments.section(found, WEEK, NAMES).paragraphs if "accepts" in each)
    assert line.startswith("Marketing: kept. Share of handoffs that sales accepts: 60 %")


def test_conversion_is_of_the_newest_week_that_is_over() -> None:
    before = [WEEK - timedelta(weeks=each) for each in (2, 1, 0)]
    found = Figures(
        figure("conversion", "all", "all", 0.5, week=week, done=is_over)
        for week, is_over in zip(before, (True, True, False), strict=True)
    )
    told = commitments.section(found, WEEK, NAMES)
    assert told.paragraphs[0].startswith("Marketing: kept. Share of MQLs that became an SQL in time, MQLs of 2026-W10:")
    assert [row[0] for row in told.tables[1].rows] == ["2026-W09", "2026-W10"]
