"""Signs in a single column that it was filled in after the outcome, whatever its name is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from handoff.suggest.columns import Column
from handoff.suggest.folds import auc_alone
from handoff.suggest.limits import Limits
from handoff.suggest.model import Flags
from handoff.suggest.words import Vocabulary


@dataclass(frozen=True)
class Sign:
    """One thing that speaks against a column; one that is enough leaves it out, and so do doubts of two kinds."""

    rule: str
    says: str
    is_enough: bool
    is_of_words: bool = False


@dataclass(frozen=True)
class _Level:
    text: str
    n: int
    rate: float
    """Of good outcomes, drawn a little towards the rate of all, so that it is neither 0 nor 1."""
    odds: float
    """Of a good outcome, as a multiple of those of all."""


def by_words(column: Column, vocabulary: Vocabulary) -> Iterator[Sign]:
    """What its name and its values say."""
    for word in vocabulary.of_name(column.name):
        if word.weight in ("enough", "doubt"):
            yield Sign("name", f"its name says “{word.word}”: {word.why}", word.weight == "enough", True)
    if column.kind == "levels":
        told = {text: found[0] for text in column.counts if (found := vocabulary.of_value(text))}
        if sum(column.counts[text] for text in told) * 2 > column.counts.total():
            text, word = max(told.items(), key=lambda each: column.counts[each[0]])
            yield Sign("values", f"most values are like “{text}”: {word.why}", False, True)


def by_numbers(column: Column, outcome: Flags, limits: Limits) -> Iterator[Sign]:
    """What the outcomes of its values say."""
    yield from _blanks(column, outcome, limits)
    if column.kind in ("levels", "number"):
        found = auc_alone(column.codes, outcome)
        if found >= limits.suspicious_auc:
            says = f"it alone tells outcomes apart with AUC {found:.3f}"
            most = limits.implausible_auc if column.kind == "levels" else limits.implausible_auc_of_numbers
            yield Sign("alone", says, found >= most)
    if column.kind == "levels":
        levels = _levels(column, outcome, limits)
        yield from _pure(levels, outcome, limits)
        yield from _verdicts(levels, limits)


def _blanks(column: Column, outcome: Flags, limits: Limits) -> Iterator[Sign]:
    filled = column.filled
    if filled.all() or not filled.any():
        return
    for end, word in ((outcome, "ended well"), (~outcome, "did not end well")):
        share, coverage, others = (float(each.mean()) for each in (end[filled], filled[end], filled[~end]))
        is_alone = share >= limits.filled_share and _times(share, float(end.mean()), len(end)) >= limits.pure_odds
        if (coverage + 1 - others) / 2 >= limits.blank_auc or (is_alone and coverage >= limits.filled_coverage):
            says = f"it is filled in for {coverage:.0%} of those that {word} and {others:.0%} of the others"
            yield Sign("blank", f"{says}: it is filled in because of the outcome", True)
            return


def _levels(column: Column, outcome: Flags, limits: Limits) -> list[_Level]:
    """The values whose rate differs from that of all by more than chance, as many values as there are considered."""
    rest, found = float(outcome.mean()), []
    for code, (text, count) in enumerate(sorted(column.counts.items()), 1):
        good = int(outcome[column.codes == code].sum())
        is_chance = stats.binomtest(good, count, rest).pvalue * len(column.counts) > limits.chance
        if count >= limits.least_support and not is_chance:
            rate = (good + rest) / (count + 1)
            found.append(_Level(text, count, rate, _times(rate, rest, len(outcome))))
    return found


def _times(share: float, rest: float, n: int) -> float:
    """The odds of a share as a multiple of those of all."""
    held = min(max(share, 0.5 / n), 1 - 0.5 / n)
    return held / (1 - held) * (1 - rest) / rest


def _pure(levels: list[_Level], outcome: Flags, limits: Limits) -> Iterator[Sign]:
    """Values that go with the rarer outcome alone, and hold much of it: of the commoner one there may well be some."""
    is_good = bool(outcome.mean() <= 0.5)
    rare, word = (outcome, "ended well") if is_good else (~outcome, "did not end well")
    pure = [
        each
        for each in levels
        if (each.rate if is_good else 1 - each.rate) >= limits.pure_share
        and (each.odds if is_good else 1 / each.odds) >= limits.pure_odds
    ]
    held = sum(each.n * (each.rate if is_good else 1 - each.rate) for each in pure)
    if pure and held >= limits.pure_coverage * int(np.sum(rare)):
        names = ", ".join(f"“{each.text}”" for each in sorted(pure, key=lambda each: -each.n)[:3])
        yield Sign("pure", f"of those with {names}, nearly all {word}, {held / np.sum(rare):.0%} of all that did", True)


def _verdicts(levels: list[_Level], limits: Limits) -> Iterator[Sign]:
    """A value that nearly all end well with beside one that hardly any do: what is known before is not so sure."""
    if not levels:
        return
    best, worst = max(levels, key=lambda each: each.rate), min(levels, key=lambda each: each.rate)
    is_enough = best.rate >= limits.judged_up and worst.odds * limits.judged_down <= 1
    if is_enough or (best.rate >= limits.half_judged_up and worst.odds * limits.half_judged_down <= 1):
        says = (
            f"“{best.text}” ended well in {best.rate:.0%} and “{worst.text}” in {worst.rate:.1%}: they read as verdicts"
        )
        yield Sign("verdicts", says, is_enough)
