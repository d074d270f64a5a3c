"""The first page: whether marketing and sales kept what they promised each other."""

from datetime import date

from handoff import charts
from handoff.agreement.document import Picture, Section, Table
from handoff.review.pack.figures import Figure, Figures, name_of
from handoff.review.pack.names import Names

PROMISES = (
    ("acceptance", "Marketing", "Share of handoffs that sales accepts"),
    ("handoffs", "Marketing", "Handoffs in the week"),
    ("attainment", "Sales", "Share of handoffs contacted in time"),
)
COHORTS = 8
"""Weeks beside one another."""


def section(figures: Figures, week: date, names: Names) -> Section:
    """Both commitments, with the cohorts before and everybody's part."""
    promised = [(side, text, figures.one(week, name)) for name, side, text in PROMISES]
    kept = [_sentence(side, text, found) for side, text, found in promised]
    cohorts = [figures.one(each, "acceptance") for each in figures.weeks("acceptance", week, COHORTS)]
    return Section(
        "The two commitments",
        tuple(kept),
        (
            Table(
                "What was promised, and what became of it",
                ("Commitment", "By", "Promised", "Reached", "Verdict", "Still open"),
                tuple(_promise(side, text, found) for side, text, found in promised if found),
                tuple(found.link for _, _, found in promised if found),
            ),
            _shares(
                "Marketing: acceptance by week of handoff",
                "Week",
                [(name_of(each.week_starts_on), each) for each in cohorts if each],
            ),
            *(
                _shares(
                    f"Sales: contacted in time, by {key}",
                    key.capitalize(),
                    [(names.of(key, each.member), each) for each in figures.of(week, "attainment", key)],
                )
                for key in ("tier", "rep")
            ),
        ),
        _pictures([each for each in cohorts if each]),
    )


def _sentence(side: str, text: str, found: Figure | None) -> str:
    if found is None:
        return f"{side}: {text.lower()}: nothing was handed over."
    if found.target is None:
        return f"{side} promised nothing about this: {text.lower()}."
    reached = f"{found.handoffs:,}" if found.figure == "handoffs" else found.interval
    verdict = "nothing to judge yet" if found.is_kept is None else found.verdict
    return f"{side}: {verdict}. {text}: {reached}; promised {_target(found)}."


def _promise(side: str, text: str, found: Figure) -> tuple[str, ...]:
    reached = f"{found.handoffs:,}" if found.figure == "handoffs" else found.interval
    return (text, side, _target(found), reached, found.verdict, f"{found.still_open:,}")


def _target(found: Figure) -> str:
    if found.target is None:
        return "–"
    return f"{found.target:,.0f}" if found.figure == "handoffs" else f"{100 * found.target:.0f} %"


def _shares(caption: str, name: str, found: list[tuple[str, Figure]]) -> Table:
    return Table(
        caption,
        (name, "Share", "Still open"),
        tuple((text, each.interval, f"{each.still_open:,}") for text, each in found),
        tuple(each.link for _, each in found),
    )


def _pictures(cohorts: list[Figure]) -> tuple[Picture, ...]:
    rows = [
        (f"{each.week_starts_on:%G-W%V}", each.share_low, each.share, each.share_high)
        for each in cohorts
        if each.share_low is not None and each.share is not None and each.share_high is not None
    ]
    if not rows:
        return ()
    says = "; ".join(f"{each.week_starts_on:%G-W%V}: {each.interval}" for each in cohorts)
    caption = "Acceptance by week of handoff, with 95 % intervals"
    return (Picture("acceptance", caption, says, charts.intervals(rows, "share of handoffs")),)
