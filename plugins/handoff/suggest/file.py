"""Examples from a table of leads: the columns that were known before the outcome, found by rule, become conditions."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from handoff.agreement.model import Agreement
from handoff.suggest import additions, conditions, leaks
from handoff.suggest.columns import Column, columns
from handoff.suggest.learn import of_conditions
from handoff.suggest.limits import limits, require_enough
from handoff.suggest.model import CannotSuggest, Examples, split
from handoff.suggest.report import Report
from handoff.suggest.rules import rules
from handoff.suggest.table import Wanted, read
from handoff.suggest.words import vocabulary

NO_DIFF = (
    "There is no diff of the seeds: points were learned for no column that is a fact of the agreement by its name, and "
    "none was named with --as, for example --as 'Lead Source=first_source'."
)


def from_file(path: Path, wanted: Wanted, agreement: Agreement, on: date, definition_id: str | None = None) -> Report:
    """Learn points for what a table's columns say, and find the columns that tell of the outcome. Writes nothing.

    Both are learned from the earlier rows alone, so that the later ones judge them. What is said of columns that are
    facts of the agreement is proposed as new rows of it.

    Args:
        agreement: whose vocabulary, limits, facts and threshold hold.
        on: the first day of the rows that are proposed; the definition of that day is meant.

    Raises:
        CannotSuggest: the file cannot be read, too few outcomes are known, or no column may be learned from.
    """
    known, words = limits(agreement), vocabulary(agreement)
    table = read(path, wanted, words)
    to_learn = split(table.moments, known.held_out_share)
    require_enough(table.outcome, to_learn, known)
    special = {wanted.outcome, wanted.id, wanted.at, wanted.today}
    every = [each for each in columns(table.columns, words) if each.name not in special]
    earlier = [Column(each.name, each.cells[:to_learn]) for each in every]
    outcome = table.outcome[:to_learn]
    verdicts = leaks.judge(earlier, outcome, words, known, wanted.keep, wanted.leave_out)
    kept = [each for each, verdict in zip(earlier, verdicts, strict=True) if not verdict.is_left_out]
    learned = [condition for each in kept for condition in conditions.learn(each, outcome, known)]
    if not learned:
        raise CannotSuggest(f"of {path.name} no column may be learned from, or none says anything of enough leads")
    examples = Examples(
        items=tuple(each.item for each in learned),
        weights=conditions.weights(learned, every),
        outcome=np.asarray(table.outcome),
        to_learn=to_learn,
        order=table.order,
        today=table.today,
        left_out=table.left_out,
    )
    found = rules(agreement, on, definition_id)
    report = of_conditions(examples, found.threshold, known, f"leads of {path.name}", verdicts)
    facts = additions.facts_of([each.name for each in every], dict(wanted.facts))
    patch, notes = additions.propose(
        agreement, found, learned, report.sheet, facts, on, f"learned from {to_learn} {report.source}"
    )
    without = () if patch else (NO_DIFF,)
    return replace(report, patch=patch, notes=(*report.notes, *notes, *without))
