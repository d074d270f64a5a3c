"""From examples to a report: learn from the earlier ones, judge by the later ones, and write the change down."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from handoff.agreement.model import Agreement
from handoff.suggest import patch
from handoff.suggest.fit import fit
from handoff.suggest.leaks import Verdict
from handoff.suggest.limits import Limits
from handoff.suggest.measure import Measured, measure, reading
from handoff.suggest.model import Examples, Floats
from handoff.suggest.points import for_conditions, for_rules
from handoff.suggest.ranking import difference
from handoff.suggest.report import Report
from handoff.suggest.rules import Rules
from handoff.suggest.scoring import saturated, scores
from handoff.suggest.sheet import Sheet

SUGGESTED, TODAY, MODEL, EQUAL = "suggested points", "points of today", "the model itself", "one point for each"
PLAIN = (
    "No column with the score of today was named, so the points are compared with plain ones: one for each condition "
    "that goes with good outcomes, one off for each that does not."
)


def of_rules(
    examples: Examples,
    rules: Rules,
    agreement: Agreement,
    on: date,
    limits: Limits,
    source: str,
    notes: Sequence[str] = (),
) -> Report:
    """Points for the agreement's rules, as a patch of the seeds that begins to hold on a day."""
    weights, outcome = examples.earlier
    # Up to the caps of today: of what no longer counts nothing can be learned.
    fitted = fit(saturated(weights, examples.items, rules.caps), outcome, np.zeros(len(examples.items), dtype=np.int64))
    sheet = for_rules(examples, fitted, rules.caps, rules.threshold, limits)
    today = np.array([item.today or 0.0 for item in examples.items])
    ways = {
        SUGGESTED: scores(examples.weights, sheet.points, examples.items, rules.caps),
        TODAY: scores(examples.weights, today, examples.items, rules.caps),
        MODEL: fitted.log_odds(saturated(examples.weights, examples.items, rules.caps)),
    }
    proposed = patch.propose(agreement, rules, sheet, on, f"learned from {examples.to_learn} {source}")
    return _report(examples, sheet, ways, (SUGGESTED, TODAY), source, notes, patch=proposed)


def of_conditions(
    examples: Examples, threshold: float, limits: Limits, source: str, columns: Sequence[Verdict]
) -> Report:
    """Points for conditions on a table's columns, compared with its own scores of today, or else with plain ones."""
    weights, outcome = examples.earlier
    directions = np.array([item.direction for item in examples.items], dtype=np.int64)
    fitted = fit(weights, outcome, directions, only_sure=True)
    name, scored = (EQUAL, _equal(examples)) if examples.today is None else (TODAY, examples.today)
    reached = float((scored[: examples.to_learn] >= threshold).mean()) if name == TODAY else 0.0
    share = reached if 0 < reached < 1 else float(outcome.mean())
    sheet = for_conditions(examples, fitted, threshold, share, limits)
    ways = {
        SUGGESTED: examples.weights @ sheet.points + sheet.base,
        name: scored,
        MODEL: fitted.log_odds(examples.weights),
    }
    notes = (PLAIN,) if name == EQUAL else ()
    return _report(examples, sheet, ways, (SUGGESTED, name), source, notes, columns=tuple(columns))


def _equal(examples: Examples) -> Floats:
    weights, outcome = examples.earlier
    together = [np.sign(np.cov(weights[:, place], outcome)[0, 1]) for place in range(weights.shape[1])]
    found: Floats = examples.weights @ np.array(together)
    return found


def _report(
    examples: Examples,
    sheet: Sheet,
    ways: dict[str, Floats],
    compared: tuple[str, str],
    source: str,
    notes: Sequence[str],
    *,
    columns: tuple[Verdict, ...] = (),
    patch: str = "",
) -> Report:
    _, outcome = examples.later
    cut = examples.to_learn
    return Report(
        source=source,
        order=examples.order,
        learned_from=cut,
        judged_by=len(examples.outcome) - cut,
        ended_well=int(examples.outcome.sum()),
        left_out=dict(examples.left_out),
        columns=columns,
        ways={name: _measured(score, examples) for name, score in ways.items()},
        compared=compared,
        difference=difference(ways[compared[0]][cut:], ways[compared[1]][cut:], outcome),
        sheet=sheet,
        notes=tuple(notes),
        patch=patch,
    )


def _measured(score: Floats, examples: Examples) -> Measured:
    cut = examples.to_learn
    slope, offset = reading(score[:cut], examples.outcome[:cut])
    return measure(score[cut:], examples.outcome[cut:], slope * score[cut:] + offset)
