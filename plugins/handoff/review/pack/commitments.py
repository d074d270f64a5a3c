"""The first page: whether marketing and sales kept what they promised each other."""

from collections.abc import Iterator, Sequence
from datetime import date

from handoff import charts
from handoff.agreement.document import Picture, Section, Table
from handoff.review.pack.figures import HANDOFFS, Figure, Figures, name_of
from handoff.review.pack.names import Names

PROMISES = (
    ("conversion", "Marketing", "Share of MQLs that became an SQL in time"),
    ("acceptance", "Marketing", "Share of handoffs that sales accepts"),
    (HANDOFFS, "Marketing", "Handoffs in the week"),
    ("attainment", "Sales", "Share of handoffs contacted or rejected in time"),
)
COHORTS = 8
"""Weeks beside one another."""


def section(figures: Figures, week: date, names: Names) -> Section:
    """Both commitments, with the cohorts before and everybody's part."""
    promised = [
        (side, text, found)
        for name, side, words in PROMISES
        for text, found in _told(figures, week, name, words, names)
    ]
    kept = [_sentence(side, text, found) for side, text, found in promised]
    handed = [figures.one(each, "acceptance") for each in figures.weeks("acceptance", week, COHORTS)]
    until = figures.told_cohort(week)
    told = [figures.one(each, "conversion") for each in figures.weeks("conversion", until, COHORTS)] if until else []
    became = [each for each in told if each and each.is_complete]
    return Section(
        "The two commitments",
        tuple(kept),
        (
            Table(
                "What was promised, and what became of it",
                ("Commitment", "By", "Promised", "Reached", "Verdict", "Still open"),
                tuple(_promise(side, text, found) for side, text, found in promised if found),
                tuple((found.link,) for _, _, found in promised if found),
            ),
            *(
                _shares(caption, "Week", [(name_of(each.week_starts_on), each) for each in cohorts if each])
                for caption, cohorts in (
                    ("Marketing: SQLs by the week in which the lead became an MQL, once its window is over", became),
                    ("Marketing: acceptance by week of handoff", handed),
                )
            ),
            *(
                _shares(
                    f"Sales: contacted or rejected in time, by {key}",
                    key.capitalize(),
                    [(names.of(key, each.member), each) for each in figures.of(week, "attainment", key)],
                )
                for key in ("tier", "rep")
            ),
        ),
        (
            *_picture("conversion", "SQLs by week of MQL", "share of MQLs", became),
            *_picture("acceptance", "Acceptance by week of handoff", "share of handoffs", handed),
        ),
    )


def _told(figures: Figures, week: date, name: str, text: str, names: Names) -> Iterator[tuple[str, Figure | None]]:
    """What there is to judge, of each product that promised something where there are several; None where there is
    nothing.

    Conversion is of the newest week of MQLs whose window is over.
    """
    if name == "conversion":
        week = figures.told_cohort(week) or week
        text = f"{text}, MQLs of {name_of(week)}"
    products: dict[str, Figure | None] = {each.member: each for each in figures.of(week, name, "product")}
    # Whoever promised anything has a number of handoffs, if only none.
    products = dict.fromkeys((each.member for each in figures.of(week, HANDOFFS, "product")), None) | products
    if len(products) > 1:
        for product, found in products.items():
            yield f"{text}, {names.of('product', product)}", found
    else:
        yield text, figures.one(week, name)


def _sentence(side: str, text: str, found: Figure | None) -> str:
    if found is None:
        return f"{side}: {text[0].lower()}{text[1:]}: nothing was handed over."
    if found.target is None:
        return f"{side} promised nothing about this: {text[0].lower()}{text[1:]}."
    reached = found.number if found.figure == HANDOFFS else found.interval
    verdict = "nothing to judge yet" if found.verdict == "–" else found.verdict
    return f"{side}: {verdict}. {text}: {reached}; promised {_target(found)}."


def _promise(side: str, text: str, found: Figure) -> tuple[str, ...]:
    reached = found.number if found.figure == HANDOFFS else found.interval
    return (text, side, _target(found), reached, found.verdict, f"{found.still_open:,}")


def _target(found: Figure) -> str:
    if found.target is None:
        return "–"
    return f"{found.target:,.0f}" if found.figure == HANDOFFS else f"{100 * found.target:.0f} %"


def _shares(caption: str, name: str, found: list[tuple[str, Figure]]) -> Table:
    return Table(
        caption,
        (name, "Share", "Still open"),
        tuple((text, each.interval, f"{each.still_open:,}") for text, each in found),
        tuple((each.link,) for _, each in found),
    )


def _picture(name: str, caption: str, measured: str, cohorts: Sequence[Figure | None]) -> tuple[Picture, ...]:
    rows = [
        (f"{each.week_starts_on:%G-W%V}", each.share_low, each.share, each.share_high)
        for each in cohorts
        if each and each.share_low is not None and each.share is not None and each.share_high is not None
    ]
    if not rows:
        return ()
    says = "; ".join(f"{each.week_starts_on:%G-W%V}: {each.interval}" for each in cohorts if each)
    return (Picture(name, f"{caption}, with 95 % intervals", says, charts.intervals(rows, measured)),)
