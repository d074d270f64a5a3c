"""What each side promised is judged of each product that promised it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handoff.review.pack import commitments
from handoff.review.pack.figures import Figure, Figures
from handoff.review.pack.names import Names

WEEK = date(2026, 3, 9)
NAMES = Names({})


def figure(
    name: str,
    dimension: str,
    member: str,
    target: float | None,
    *,
    week: date = WEEK,
    done: bool = True,
    is_over: bool = True,
) -> Figure:
    """Six of ten, kept when that is as much as was promised."""
    counts, shares, times = (10, 10, 6, 0), (0.6, 0.3, 0.8), (None, None)
    is_kept = None if target is None or not done else target <= 0.6
    return Figure(week, name, dimension, member, *counts, *shares, *times, target, is_kept, is_over, done)


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
    assert [line for line in commitments.section(found, WEEK, NAMES).paragraphs if "accepts" in line] == [
        verdict,
        "Marketing: share of handoffs that sales accepts, q: nothing was handed over.",
    ]


@pytest.mark.parametrize("products", ["p", "pq"])
def test_a_week_without_a_handoff_has_each_promise_on_the_first_page(products: str) -> None:
    dimensions = [("all", "all"), *(("product", each) for each in products)]
    none = [replace(figure("handoffs", *each, 25), handoffs=0, is_kept=False) for each in dimensions]
    told = commitments.section(Figures(none), WEEK, NAMES)
    assert [line for line in told.paragraphs if not line.endswith("promised 25.")] == [
        f"{side}: {what}{f', {each}' if products == 'pq' else ''}: nothing was handed over."
        for side, what in (
            ("Marketing", "share of MQLs that became an SQL in time, MQLs of 2026-W11"),
            ("Marketing", "share of handoffs that sales accepts"),
            ("Sales", "share of handoffs contacted or rejected in time"),
        )
        for each in products
    ]
    # What is not there has no row to link to.
    assert {row[3] for row in told.tables[0].rows} == {"0"}


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


@pytest.mark.parametrize(
    ("is_kept", "is_over", "told"),
    [
        (None, False, "Marketing: nothing to judge yet. Handoffs in the week: 6 so far; promised 25."),
        (True, False, "Marketing: kept. Handoffs in the week: 6 so far; promised 25."),
        (None, True, "Marketing: too short a week to judge. Handoffs in the week: 6; promised 25."),
        (False, True, "Marketing: missed. Handoffs in the week: 6; promised 25."),
    ],
)
def test_a_number_is_told_as_far_as_the_week_has_come(is_kept: bool | None, is_over: bool, told: str) -> None:
    handed = replace(
        figure("handoffs", "all", "all", 25), handoffs=6, share=None, is_kept=is_kept, is_over=is_over, still_open=0
    )
    section = commitments.section(Figures([handed]), WEEK, NAMES)
    assert [line for line in section.paragraphs if "Handoffs in" in line] == [told]
    ((*_, reached, verdict, _),) = section.tables[0].rows
    assert (reached, verdict) == (
        "6" if is_over else "6 so far",
        {True: "kept", False: "missed", None: "too short a week to judge" if is_over else "–"}[is_kept],
    )


@pytest.mark.parametrize(("target", "verdict"), [(0.5, "kept, so far"), (0.7, "missed, so far")])
def test_the_rest_of_a_running_week_may_change_a_share(target: float, verdict: str) -> None:
    found = Figures([figure("acceptance", "all", "all", target, is_over=False)])
    (line,) = (each for each in commitments.section(found, WEEK, NAMES).paragraphs if "accepts" in each)
    assert line.startswith(f"Marketing: {verdict}. Share of handoffs that sales accepts: 60 %")
