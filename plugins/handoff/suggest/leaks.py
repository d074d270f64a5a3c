"""Columns that were filled in after the outcome, found by rule; each with what speaks against it.

What one knows only after the outcome predicts it best, and is worth nothing to whoever has to decide before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from handoff.suggest import pairs, signs
from handoff.suggest.columns import Column
from handoff.suggest.folds import auc_alone, encoded, folds
from handoff.suggest.limits import Limits
from handoff.suggest.model import Flags, Whole
from handoff.suggest.signs import Sign
from handoff.suggest.words import Vocabulary

USELESS = {
    "constant": Sign("constant", "it says the same of every lead", True),
    "identifier": Sign("identifier", "it is another for every lead", True),
    "moment": Sign("moment", "it is a moment, which earns no points; name it as --at to order the leads by it", True),
}


@dataclass(frozen=True)
class Verdict:
    """Whether a column may be learned from, and why not or what to mind."""

    column: str
    is_left_out: bool
    signs: tuple[Sign, ...]
    is_by_hand: bool = False
    """Whether a person has decided; the signs stand as they are."""


def judge(
    columns: Sequence[Column],
    outcome: Flags,
    vocabulary: Vocabulary,
    limits: Limits,
    keep: Sequence[str] = (),
    leave_out: Sequence[str] = (),
) -> list[Verdict]:
    """Judge every column, in their order.

    Args:
        columns: none of them the outcome itself.
        keep, leave_out: columns about which a person has decided otherwise.
    """
    usable = [each for each in columns if each.kind not in ("constant", "identifier")]
    found: dict[str, list[Sign]] = {}
    for column in usable:
        others = [each for each in usable if each is not column]
        found[column.name] = [
            *signs.by_words(column, vocabulary),
            *signs.by_numbers(column, outcome, limits),
            *pairs.overwritten(column, others, limits),
            *pairs.bands(column, others, vocabulary),
        ]
    _against_all_others(usable, outcome, limits, found)
    _twins(usable, limits, found)
    return [_verdict(each, found.get(each.name, []), keep, leave_out) for each in columns]


def _verdict(column: Column, found: list[Sign], keep: Sequence[str], leave_out: Sequence[str]) -> Verdict:
    every = tuple([*found, USELESS[column.kind]] if column.kind in USELESS else found)
    if column.name in leave_out:
        return Verdict(column.name, True, (*every, Sign("by hand", "you left it out", True)), True)
    is_out = _is_out(every)
    if column.name in keep and is_out and column.kind not in USELESS:
        return Verdict(column.name, False, every, True)
    return Verdict(column.name, is_out, every)


def _is_out(found: Sequence[Sign]) -> bool:
    """One sign that is enough; or two doubts of different kinds: names lie now and then, and so do numbers."""
    rules = {each.rule for each in found}
    is_doubted_twice = {True, False} <= {each.is_of_words for each in found} or {"name", "values"} <= rules
    return any(each.is_enough for each in found) or is_doubted_twice


def _against_all_others(usable: Sequence[Column], outcome: Flags, limits: Limits, found: dict[str, list[Sign]]) -> None:
    """A column of words that knows more than all others together knows it from the outcome."""
    rest = [each for each in usable if each.kind in ("levels", "number") and not _is_out(found[each.name])]
    for column in rest:
        if column.kind != "levels" or auc_alone(column.codes, outcome) < limits.rival_auc:
            continue
        others = [each.codes for each in rest if each is not column]
        alone, together = auc_alone(column.codes, outcome), _auc_together(others, outcome) if others else 0.5
        if others and alone > together:
            says = f"it alone tells outcomes apart with AUC {alone:.3f}, all {len(others)} others together with"
            found[column.name].append(Sign("rival", f"{says} {together:.3f}", True))


def _auc_together(codes: Sequence[Whole], outcome: Flags) -> float:
    rates = np.column_stack([encoded(each, outcome) for each in codes])
    model = LogisticRegression(max_iter=1000)
    guessed = cross_val_predict(model, rates, outcome, cv=folds(), method="predict_proba")
    return float(roc_auc_score(outcome, guessed[:, 1]))


def _twins(usable: Sequence[Column], limits: Limits, found: dict[str, list[Sign]]) -> None:
    """What tells of a column that is left out is left out as well, and what tells of that one."""
    while True:
        out = [each for each in usable if _is_out(found[each.name])]
        rest = [each for each in usable if not _is_out(found[each.name])]
        new = {each.name: told for each in rest if (told := list(pairs.twin(each, out, limits)))}
        if not new:
            return
        for name, told in new.items():
            found[name] += told
