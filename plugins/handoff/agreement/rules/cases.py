"""Golden cases name rules that there are, and an id names one clause."""

import re
from collections.abc import Iterator

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.rules.references import CLAUSES

_WORD = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of golden cases, and of ids that two tables use."""
    owners: dict[str, Row] = {}
    for table, _ in CLAUSES:
        for row in agreement.rows(table):
            owner = owners.setdefault(row.key, row)
            if row.key and owner.seed.name != row.seed.name:
                other = f"{owner.seed.noun} ({owner.seed.name}.csv:{owner.line})"
                wrong = f"{row.seed.key} {row.key} is also the id of a {other}"
                remedy = "give it another id: explanations and rejection reasons name a clause by its id alone"
                yield row.problem(row.seed.key, wrong, remedy)
    prefixes = {key.partition("-")[0] for key in owners if "-" in key}
    for row in agreement.rows("golden_cases"):
        yield from _because(agreement, row, prefixes)


def _because(agreement: Agreement, row: Row, prefixes: set[str]) -> Iterator[Problem]:
    """What begins like an id must be one, or its beginning: a case with a wrong reason would prove nothing."""
    begins = row.span[0]
    ids = {
        clause.key
        for table, column in CLAUSES
        for clause in agreement.in_force(table, begins)
        if clause["definition_id"] == row["definition_id"] and clause[column]
    }
    for word in _WORD.findall(row["because"] or ""):
        if word.partition("-")[0] in prefixes and not any(key.startswith(word) for key in ids):
            wrong = f"because {row['because']!r} of {row.label} names no clause of {row['definition_id']} from {begins}"
            yield row.problem("because", wrong, nearest(word, ids))
