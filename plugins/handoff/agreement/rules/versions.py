"""Decisions carry the version of their definition: a rule that begins or ends needs a version of its own."""

from collections.abc import Iterator
from datetime import date

from handoff.agreement.model import Agreement, Problem, Row

DECIDING = ("requirements", "behaviours", "disqualifiers", "fit_points", "signals", "score_caps")
"""Tables whose rows say who is an MQL."""


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Warnings about rules of a live definition that begin or end within one of its versions."""
    for table in DECIDING:
        rows = agreement.rows(table)
        begun = {(row.key, row.span[0]) for row in rows}
        for row in rows:
            yield from _within(agreement, row, "valid_from", "begins", row.span[0])
            # Of a row that another of its id takes over from, that one's beginning is told.
            if (row.key, row.span[1]) not in begun:
                yield from _within(agreement, row, "valid_to", "ends", row.span[1])


def _within(agreement: Agreement, row: Row, column: str, does: str, day: date) -> Iterator[Problem]:
    live = agreement.in_force("definitions", day, definition_id=row["definition_id"], status="live")
    for version in [each for each in live if each.span[0] < day]:
        wrong = (
            f"{row.label} {does} on {day}, within version {version['version']} of {version.label}, so that "
            "decisions before and after carry one version"
        )
        remedy = f"end definitions.csv:{version.line} with valid_to {day}, and add its next version below it"
        yield row.problem(column, wrong, remedy, "warning")
