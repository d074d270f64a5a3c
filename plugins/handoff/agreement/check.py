"""Hold an agreement to its rules: whatever is wrong, with its file, its line, and what to write instead."""

from collections.abc import Callable, Iterable

from handoff.agreement.model import Agreement, Problem
from handoff.agreement.rules import (
    attribution,
    cases,
    cells,
    coverage,
    facts,
    hours,
    lapses,
    patterns,
    people,
    references,
    routing,
    scoring,
    service,
    territories,
    twins,
    validity,
    versions,
)

RULES: tuple[Callable[[Agreement], Iterable[Problem]], ...] = (
    *(cells.problems, validity.problems, twins.problems, lapses.problems, references.problems, facts.problems),
    *(patterns.problems, scoring.problems, service.problems, routing.problems, territories.problems, coverage.problems),
    *(people.problems, hours.problems, cases.problems, attribution.problems, versions.problems),
)


def problems(agreement: Agreement) -> list[Problem]:
    """Everything that is wrong, by file and line; a pure function of the rows, whatever the day.

    An agreement is held to its rules at every moment that it speaks of, past ones too: what decided then stays true.
    """
    found: dict[tuple[str, int, str], Problem] = {}
    for each in [*agreement.problems, *(problem for rule in RULES for problem in rule(agreement))]:
        # The simplest thing that is wrong with a cell says enough.
        found.setdefault((each.file, each.line, each.column or each.wrong), each)
    return [found[place] for place in sorted(found)]
