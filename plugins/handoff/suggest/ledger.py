"""Examples from the ledger: each handoff whose time is up, as its lead was when it was decided about."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import numpy as np

from handoff.agreement.model import Agreement
from handoff.ledger.db import Connection
from handoff.suggest import outcomes, weights
from handoff.suggest.learn import of_rules
from handoff.suggest.limits import Limits, limits, require_enough
from handoff.suggest.model import CannotSuggest, Examples, split
from handoff.suggest.report import Report
from handoff.suggest.rules import Rules, rules

SELECTION = (
    "Only handoffs are learned from: of the leads that the definition kept back, nobody knows what would have become."
)


def from_ledger(
    connection: Connection, agreement: Agreement, as_of: datetime, on: date, definition_id: str | None = None
) -> Report:
    """Learn from what became of the handoffs, and propose points. Writes nothing.

    Args:
        agreement: the one to change; the rules that it has on the day of `as_of` are weighed.
        on: the first day of the points that are proposed.
        definition_id: see `rules`.

    Raises:
        CannotSuggest: there are too few outcomes, or nothing has been loaded.
    """
    known, found = limits(agreement), rules(agreement, as_of.date(), definition_id)
    examples, otherwise = _examples(connection, agreement, found, as_of, known)
    notes = [SELECTION, *([otherwise] if otherwise else [])]
    return of_rules(examples, found, agreement, on, known, "handoffs of the ledger", notes)


def of_leads(
    connection: Connection, agreement: Agreement, known_outcomes: Mapping[str, bool], as_of: datetime, on: date
) -> Report:
    """As `from_ledger`, from leads of which it is known by other means what became of them.

    Args:
        known_outcomes: whether each ended well, by lead id, the earliest first; a lead is looked at as of `as_of`.
    """
    known, found = limits(agreement), rules(agreement, as_of.date())
    seen = weights.at_moments(connection, found, [(lead_id, as_of) for lead_id in known_outcomes])
    ids = [lead_id for lead_id in known_outcomes if (lead_id, as_of) in seen]
    unknown = len(known_outcomes) - len(ids)
    examples = Examples(
        items=found.items,
        weights=np.array([seen[lead_id, as_of] for lead_id in ids]),
        outcome=np.array([known_outcomes[lead_id] for lead_id in ids], dtype=np.bool_),
        to_learn=split(np.arange(len(ids)), known.held_out_share),
        order="the order in which they were given",
        left_out={"not known": unknown} if unknown else {},
    )
    require_enough(examples.outcome, examples.to_learn, known)
    return of_rules(examples, found, agreement, on, known, "leads with a known outcome")


def _examples(
    connection: Connection, agreement: Agreement, rules: Rules, as_of: datetime, limits: Limits
) -> tuple[Examples, str | None]:
    """The examples, and how many of them others count otherwise."""
    maturity, most = timedelta(days=limits.maturity_days), int(limits.most_handoffs)
    every = outcomes.of_handoffs(connection, agreement, rules.definition["product_id"], as_of, maturity)
    left_out = Counter(each.left_out for each in every if each.left_out)
    told = [each for each in every if not each.left_out]
    left_out[f"older than the latest {most}"] = max(len(told) - most, 0)
    told = told[-most:]
    # Before the past is looked at again, which takes its time.
    _require(told, limits)
    seen = weights.at_moments(connection, rules, [(each.lead_id, each.as_of) for each in told])
    known = [each for each in told if (each.lead_id, each.as_of) in seen]
    left_out["cannot be seen again as it was"] = len(told) - len(known)
    to_learn = _require(known, limits)
    examples = Examples(
        items=rules.items,
        weights=np.array([seen[each.lead_id, each.as_of] for each in known]),
        outcome=np.array([each.is_good for each in known], dtype=np.bool_),
        to_learn=to_learn,
        order="the moment at which they were handed over",
        left_out={reason: count for reason, count in left_out.items() if count},
        volume=weights.at_last_acts(connection, rules, as_of, int(limits.most_leads)),
    )
    return examples, outcomes.counted_otherwise(known)


def _require(told: list[outcomes.Outcome], limits: Limits) -> int:
    """How many to learn from.

    Raises:
        CannotSuggest: too few.
    """
    if not told:
        raise CannotSuggest(
            f"no handoff has had the {limits.maturity_days:.0f} days that each has to become an SQL; wait for some"
        )
    to_learn = split(np.array([each.routed_at.timestamp() for each in told]), limits.held_out_share)
    require_enough(np.array([each.is_good for each in told], dtype=np.bool_), to_learn, limits)
    return to_learn
