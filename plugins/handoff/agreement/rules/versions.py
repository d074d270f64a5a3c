"""Decisions carry the version of their definition: a rule that begins to decide needs a version of its own."""

from collections.abc import Iterator

from handoff.agreement.model import Agreement, Problem

DECIDING = ("requirements", "behaviours", "disqualifiers", "fit_points", "signals", "score_caps")
"""Tables whose rows say who is an MQL."""


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Warnings about rules of a live definition that begin within one of its versions."""
    for table in DECIDING:
        for row in agreement.rows(table):
            begins = row.span[0]
            live = agreement.in_force("definitions", begins, definition_id=row["definition_id"], status="live")
            for version in [each for each in live if each.span[0] < begins]:
                wrong = (
                    f"{row.label} begins on {begins}, within version {version['version']} of {version.label}, so that "
                    "decisions before and after carry one version"
                )
                remedy = f"end definitions.csv:{version.line} with valid_to {begins}, and add its next version below it"
                yield row.problem("valid_from", wrong, remedy, "warning")
