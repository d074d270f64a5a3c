"""The page of a backtest: its tables, and its charts as pictures within it."""

from handoff import charts
from handoff.backtest import telling
from handoff.backtest.run import Report
from handoff.web.pages.agreement import alone, kind

TEMPLATE = "backtest.html"


def standalone(report: Report) -> str:
    """One HTML file that needs nothing else."""
    document = telling.document(report)
    figures = [(caption, charts.svg(definition)) for caption, definition in telling.figures(report)]
    return alone(TEMPLATE, {"title": document.title, "document": document, "kind": kind, "figures": figures})
