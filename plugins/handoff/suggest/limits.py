"""The numbers that a suggestion goes by: rows of `suggest_limits.csv`, each with its reason."""

from dataclasses import dataclass, fields

from handoff.agreement.model import Agreement
from handoff.suggest.model import CannotSuggest, Flags

SEED = "suggest_limits"


@dataclass(frozen=True)
class Limits:
    """One field for each row; what it decides stands in the row. Shares and AUC are from 0 to 1."""

    held_out_share: float
    least_per_class: float
    least_held_out: float
    least_support: float
    maturity_days: float
    most_handoffs: float
    most_leads: float
    volume_share: float
    implausible_auc: float
    implausible_auc_of_numbers: float
    suspicious_auc: float
    rival_auc: float
    pure_share: float
    pure_coverage: float
    pure_odds: float
    blank_auc: float
    filled_share: float
    filled_coverage: float
    judged_up: float
    judged_down: float
    half_judged_up: float
    half_judged_down: float
    copy_share: float
    overwritten_share: float
    twin_share: float
    chance: float


def limits(agreement: Agreement) -> Limits:
    """The limits of an agreement.

    Raises:
        CannotSuggest: one is missing or no number.
    """
    found = {row.key: row["value"] for row in agreement.rows(SEED)}
    missing = [each.name for each in fields(Limits) if found.get(each.name) is None]
    if missing:
        raise CannotSuggest(f"{SEED}.csv has no number for {', '.join(missing)}: restore the row from git")
    return Limits(**{each.name: float(found[each.name]) for each in fields(Limits)})


def require_enough(outcome: Flags, to_learn: int, limits: Limits) -> None:
    """Refuse to learn from chance.

    Raises:
        CannotSuggest: too few examples of either outcome, before or after the split.
    """
    parts = (
        (outcome[:to_learn], "to learn from", limits.least_per_class),
        (outcome[to_learn:], "to judge by", limits.least_held_out),
    )
    for part, purpose, least in parts:
        good = int(part.sum())
        bad = len(part) - good
        if min(good, bad) < least:
            raise CannotSuggest(
                f"too few outcomes {purpose}: {good} ended well and {bad} did not, and it takes {least:.0f} of each; "
                "nothing is suggested, wait for more"
            )
