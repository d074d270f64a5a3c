"""Signs in two columns together: written over, bands of a score, and twins of what was left out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from handoff.suggest.columns import Column
from handoff.suggest.limits import Limits
from handoff.suggest.model import Whole
from handoff.suggest.signs import Sign
from handoff.suggest.words import Vocabulary

RARE = 0.01
LEAST_DIFFERENT = 0.02
BAND_LEVELS = (2, 7)


def overwritten(column: Column, others: Sequence[Column], limits: Limits) -> Iterator[Sign]:
    """It says what another column says, save where one word was written over it: so it was written after that one."""
    if column.kind != "levels":
        return
    for other in others:
        if other is column or other.kind != "levels" or not set(column.counts) & set(other.counts):
            continue
        differ = [(mine, its) for mine, its in zip(column.cells, other.cells, strict=True) if mine != its and mine]
        share = len(differ) / len(column.cells)
        if not LEAST_DIFFERENT <= share <= 1 - limits.copy_share:
            continue
        (marker, count), *_ = Counter(mine for mine, _ in differ).most_common(1)
        below = Counter(its for _, its in differ).most_common(1)[0][1]
        is_new = other.counts[marker] <= RARE * len(other.cells)
        if count >= limits.overwritten_share * len(differ) > below and is_new:
            says = f"it repeats {other.name}, save {len(differ)} rows in which “{marker}” was written over that later"
            yield Sign("written over", says, True)
            return


def bands(column: Column, others: Sequence[Column], vocabulary: Vocabulary) -> Iterator[Sign]:
    """Its values are the steps of a scale, and each the band of another column's numbers: a score, and its grade."""
    for grades, scores in ((column, other) for other in others):
        if column.kind == "number":
            grades, scores = scores, grades
        if _are_bands(grades, scores, vocabulary):
            says = f"the values of {grades.name} are the bands of {scores.name}: a scoring system made both"
            yield Sign("bands", f"{says}, and it goes on scoring until the end", True)
            return


def _are_bands(grades: Column, scores: Column, vocabulary: Vocabulary) -> bool:
    least, most = BAND_LEVELS
    if grades.kind != "levels" or scores.kind != "number" or not least <= len(grades.counts) <= most:
        return False
    if not all(vocabulary.is_grade(text) for text in grades.counts):
        return False
    ranges: list[tuple[float, float]] = []
    for code in range(1, len(grades.counts) + 1):
        numbers = scores.numbers[(grades.codes == code) & np.isfinite(scores.numbers)]
        if not len(numbers):
            return False
        ranges.append((float(numbers.min()), float(numbers.max())))
    ranges.sort()
    return all(lower[1] < higher[0] for lower, higher in pairwise(ranges))


def twin(column: Column, out: Sequence[Column], limits: Limits) -> Iterator[Sign]:
    """Who knows it knows a column that was left out, or the other way round."""
    for other in out:
        both = column.filled & other.filled
        if not both.any() or "identifier" in (column.kind, other.kind):
            continue
        mine, its = column.codes[both], other.codes[both]
        share = min(max(_taken_away(mine, its), _taken_away(its, mine)), 1.0)
        if share >= limits.twin_share:
            yield Sign(
                "twin", f"it says the same as {other.name}, which is left out ({share:.0%} of the errors go)", True
            )
            return


def _taken_away(known: Whole, wanted: Whole) -> float:
    """Goodman and Kruskal's lambda: the share of the errors in guessing one that knowing the other takes away."""
    pairs = Counter(zip(known.tolist(), wanted.tolist(), strict=True))
    best: Counter[int] = Counter()
    for (class_, _), count in pairs.items():
        best[class_] = max(best[class_], count)
    total, guessed = len(wanted), Counter(wanted.tolist()).most_common(1)[0][1]
    # Of a column that says nearly always the same there is nothing to know.
    return (best.total() - guessed) / (total - guessed) if total - guessed > RARE * total else 0.0
