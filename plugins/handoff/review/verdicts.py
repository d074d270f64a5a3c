"""The ranking of clauses with what to try about the worst: for a terminal and for a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from handoff.agreement.document import Document, Section, Table
from handoff.agreement.model import Agreement
from handoff.agreement.what_if import Edit
from handoff.review.performance import Performance, faults, interval
from handoff.review.remedies import remedy

WORST = 3
"""Clauses of one definition about which something is suggested."""


@dataclass(frozen=True)
class Suggestion:
    """What to try about one clause; `edit` and the `command` that backtests it are None where no next value can be
    named."""

    definition_id: str
    definition_version: str
    clause_id: str
    because: tuple[str, ...]
    says: str
    edit: Edit | None
    command: str | None


@dataclass(frozen=True)
class Verdicts:
    """The ranking, and what follows from it. `answered` is the most answered handoffs that a clause of a version in
    force let in; `least` is with how many anything follows."""

    clauses: tuple[Performance, ...]
    suggestions: tuple[Suggestion, ...]
    answered: int
    least: int
    maturity_days: int


def verdicts(clauses: Sequence[Performance], agreement: Agreement, day: date) -> Verdicts:
    """The ranking with the ready backtest of a change of the worst clauses, of the versions that are in force on a day.

    Raises:
        LookupError: `suggest_limits.csv` lacks a row.
    """
    least, maturity_days = (_limit(agreement, name) for name in ("least_support", "maturity_days"))
    in_force = {(row.key, row.cells.get("version")) for row in agreement.in_force("definitions", day)}
    current = [each for each in clauses if (each.definition_id, each.definition_version) in in_force]
    suggestions: list[Suggestion] = []
    for _, group in groupby(current, key=lambda each: each.definition_id):
        faulty = ((each, tuple(faults(each, least))) for each in group)
        worst = [(each, because) for each, because in faulty if because][:WORST]
        suggestions += [_suggestion(agreement, each, because, day) for each, because in worst]
    answered = max((each.answered for each in current), default=0)
    return Verdicts(tuple(clauses), tuple(suggestions), answered, least, maturity_days)


def _limit(agreement: Agreement, name: str) -> int:
    for row in agreement.rows("suggest_limits", limit_id=name):
        if row["value"] is not None:
            return int(row["value"])
    raise LookupError(f"suggest_limits.csv has no number for {name}: restore the row from git")


def _suggestion(agreement: Agreement, found: Performance, because: tuple[str, ...], day: date) -> Suggestion:
    edit, says = remedy(agreement, found, day)
    command = f"handoff backtest --change {edit}" if edit else None
    return Suggestion(found.definition_id, found.definition_version, found.clause_id, because, says, edit, command)


def document(found: Verdicts) -> Document:
    """The ranking as a page."""
    groups = groupby(found.clauses, key=lambda each: (each.definition_id, each.definition_version))
    return Document(
        title="Clauses by verdict",
        summary=(
            "A rejection accuses the clause that its reason names, if that let the lead in. Clauses are ranked by the "
            "lower end of the share of answers that accuse them, then of the share that was rejected.",
        ),
        sections=(*(_section(*key, tuple(rows)) for key, rows in groups), _to_try(found)),
        signatories=(),
        stamp=f"Intervals hold in 95 of 100 cases. A handoff counts for conversion once it is {found.maturity_days} "
        f"days old, and nothing is suggested from fewer than {found.least} handoffs.",
    )


def _section(definition_id: str, version: str, rows: Iterable[Performance]) -> Section:
    columns = ("Place", "Id", "What", "Handoffs", "Answered", "Accused", "Rejected", "Became SQL", "Points")
    lines = tuple(
        (
            *(str(each.place), each.clause_id, f"{each.label} ({each.clause_kind})"),
            *(str(each.handoffs), str(each.answered), interval(each.accusation), interval(each.rejection)),
            *(interval(each.conversion), f"{each.points:,.0f}" if each.points else "–"),
        )
        for each in rows
    )
    return Section(f"{definition_id}, version {version}", tables=(Table("What let leads in", columns, lines),))


def _to_try(found: Verdicts) -> Section:
    lines = [
        f"{each.clause_id}: {'; '.join(each.because)}. {each.says}{f': {each.command}' if each.command else '.'}"
        for each in found.suggestions
    ]
    return Section("What to try", tuple(lines) or (nothing(found),))


def nothing(found: Verdicts) -> str:
    """Why there are no suggestions, in one sentence."""
    if not found.clauses:
        return "Nothing: no handoff has been made that names the clauses which let it in."
    if found.answered < found.least:
        return (
            f"Nothing yet: {found.answered} handoffs by the version in force were answered, and it takes {found.least} "
            "to tell a clause from chance."
        )
    return "Nothing: no clause does worse than the others beyond what chance would do."
