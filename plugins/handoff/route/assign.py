"""Who gets the lead: a pure choice among the candidates that dbt weighed, given what each already got."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


class NobodyEligible(LookupError):
    """No candidate may take the lead; the message says who was considered and why not."""


@dataclass(frozen=True)
class Candidate:
    """A rep considered for a lead, with the reason for or against (`line.int_route_candidates`)."""

    step_rank: int
    step: str
    pool_id: str | None
    rep_id: str
    weight: int
    is_eligible: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Choice:
    """The chosen candidate and the sentence that explains the choice."""

    candidate: Candidate
    reason: str


def choose(candidates: Sequence[Candidate], taken: Mapping[tuple[str | None, str], int]) -> Choice:
    """Take the first step of the agreement's order that has an eligible rep, and there the rep furthest behind.

    Args:
        candidates: every rep considered, of one lead.
        taken: handoffs that a rep got from a pool lately, by (pool id, rep id).

    Behind is measured as (taken + 1) / weight; equals are settled by rep id, never by chance.

    Raises:
        NobodyEligible: not one candidate is eligible.
    """
    eligible = [each for each in candidates if each.is_eligible and each.weight > 0]
    if not eligible:
        considered = "; ".join(f"{each.rep_id}: {each.reason}" for each in candidates) or "no rep was considered"
        raise NobodyEligible(f"{considered}. Add a fallback rep to seeds/agreement/pool_members.csv")
    rank = min(each.step_rank for each in eligible)
    step = [each for each in eligible if each.step_rank == rank]
    chosen = min(step, key=lambda each: ((taken.get((each.pool_id, each.rep_id), 0) + 1) / each.weight, each.rep_id))
    if len(step) == 1:
        return Choice(chosen, chosen.reason)
    had = taken.get((chosen.pool_id, chosen.rep_id), 0)
    return Choice(chosen, f"{chosen.reason}; next in turn among {len(step)} (had {had}, weight {chosen.weight})")
