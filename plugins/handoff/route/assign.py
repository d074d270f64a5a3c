"""Who gets the lead: a pure choice among the candidates that dbt weighed, given what each has and is owed.

Within a pool it is smooth weighted round robin: at each turn everybody who may take the lead is credited their weight,
and whoever is owed most takes it and pays what was credited to all. Who may not take it keeps what they were owed, so
nobody who comes back or joins gets a flood. Source:
https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any


class NobodyEligible(LookupError):
    """No candidate may take the lead; the message says who was considered and why not.

    Attributes:
        until: when the first of those who are away, or full for today, may take it; None when that is not what is
            waited for.
        is_passing: whether somebody is only away or full, so that it is worth asking again.
    """

    def __init__(self, message: str, until: datetime | None = None, *, is_passing: bool = False):
        super().__init__(message)
        self.until = until
        self.is_passing = is_passing


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
    is_at_work: bool | None = None
    unavailable_until: datetime | None = None
    max_open: int | None = None
    max_per_day: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For the ledger, without what is not known."""
        return {name: value for name, value in asdict(self).items() if value is not None} | {
            "pool_id": self.pool_id,
            **({"unavailable_until": self.unavailable_until.isoformat()} if self.unavailable_until else {}),
        }

    def but(self, why: str) -> "Candidate":
        """The same rep, who may not take it."""
        return replace(self, is_eligible=False, reason=f"{self.reason}, but {why}")


@dataclass(frozen=True)
class Burden:
    """What a rep has: handoffs without first contact, and handoffs given in the present day of the rep's zone, which
    ends at `day_ends_at`."""

    open: int = 0
    today: int = 0
    day_ends_at: datetime | None = None


@dataclass(frozen=True)
class Choice:
    """The chosen candidate, the sentence that explains the choice, every candidate with the final reason for or
    against, and what each member of the pool is owed afterwards; None where no turns are taken."""

    candidate: Candidate
    reason: str
    candidates: tuple[Candidate, ...]
    credits: dict[str, int] | None


_KEPT = "; has this lead for another product"
Credits = Mapping[str | None, Mapping[str, int]]
"""What each member of a pool is owed, by pool and rep."""


def choose(
    candidates: Sequence[Candidate],
    credits: Credits,
    burdens: Mapping[str, Burden],
    *,
    had: Collection[str] = (),
    before: Collection[str] = (),
    keeper: str | None = None,
    prefers_present: bool = False,
) -> Choice:
    """Take the first step of the agreement's order that has somebody for the lead, and there whose turn it is.

    Args:
        candidates: every rep considered, of one lead.
        had: reps who had this handoff and let it lapse or handed it on.
        before: reps who did not keep the lead the time before: passed over as long as anybody else may take it, as it
            would be lost otherwise.
        keeper: who has the lead already, for another product: comes first, wherever among the candidates, if they may
            take it. It is a turn of theirs like any other.
        prefers_present: who is not at work is passed over when somebody of the same step is.

    Equals are settled by rep id, never by chance.

    Raises:
        NobodyEligible: not one candidate may take it.
    """
    try:
        return _choose(candidates, credits, burdens, {*had, *before}, keeper, prefers_present)
    except NobodyEligible:
        if not before:
            raise
    choice = _choose(candidates, credits, burdens, had, keeper, prefers_present)
    return replace(choice, reason=f"{choice.reason}; had this lead before, and nobody else may take it")


def _choose(
    candidates: Sequence[Candidate],
    credits: Credits,
    burdens: Mapping[str, Burden],
    had: Collection[str],
    keeper: str | None,
    prefers_present: bool,
) -> Choice:
    verdicts = [_judged(each, burdens.get(each.rep_id, Burden()), had) for each in candidates]
    judged = [candidate for candidate, _ in verdicts]
    kept = min((each for each in judged if each.is_eligible and each.rep_id == keeper), key=_place, default=None)
    if kept is not None:
        step = [each for each in judged if each.step_rank == kept.step_rank]
        able = [each for each in step if each.is_eligible]
        return _taken(able, step, tuple(sorted(judged, key=_place)), credits, kept)
    for rank in sorted({each.step_rank for each in judged}):
        step = [each for each in judged if each.step_rank == rank]
        able = [each for each in step if each.is_eligible]
        if prefers_present and any(each.is_at_work for each in able):
            step = [each.but("not at work") if each.is_eligible and not each.is_at_work else each for each in step]
            judged = [each for each in judged if each.step_rank != rank] + step
            able = [each for each in step if each.is_eligible]
        if able:
            return _taken(able, step, tuple(sorted(judged, key=_place)), credits)
    considered = "; ".join(f"{each.rep_id}: {each.reason}" for each in judged) or "no rep was considered"
    back = [until for _, until in verdicts if until is not None]
    raise NobodyEligible(
        f"{considered}. Add a fallback rep to seeds/agreement/pool_members.csv",
        min(back) if back else None,
        is_passing=any(_is_passing(each, had) for each in candidates),
    )


def _is_passing(refused: Candidate, had: Collection[str]) -> bool:
    """Whether a candidate who may not take the lead now may take it another time: they are full, or away."""
    is_away = not refused.is_eligible and refused.unavailable_until is not None
    return (refused.is_eligible or is_away) and refused.weight > 0 and refused.rep_id not in had


def _judged(candidate: Candidate, burden: Burden, had: Collection[str]) -> tuple[Candidate, datetime | None]:
    """The candidate, who may take the lead or not, and from when on perhaps if not now."""
    if not candidate.is_eligible:
        return candidate, candidate.unavailable_until
    if candidate.weight <= 0:
        return candidate.but("without a share in the pool"), None
    if candidate.rep_id in had:
        return candidate.but("had this lead before"), None
    if candidate.max_open is not None and burden.open >= candidate.max_open:
        return candidate.but(f"full: {burden.open} of {candidate.max_open} open"), None
    if candidate.max_per_day is not None and burden.today >= candidate.max_per_day:
        return candidate.but(f"full for today: {burden.today} of {candidate.max_per_day}"), burden.day_ends_at
    return candidate, None


def _taken(
    able: Sequence[Candidate],
    step: Sequence[Candidate],
    judged: tuple[Candidate, ...],
    credits: Credits,
    kept: Candidate | None = None,
) -> Choice:
    pool_id = able[0].pool_id
    if pool_id is None:
        chosen = kept or min(able, key=lambda each: each.rep_id)
        return Choice(chosen, f"{chosen.reason}{_KEPT if kept else ''}", judged, None)
    # Who left the pool is forgotten; who may not take this lead keeps what they are owed.
    owed = {each.rep_id: credits.get(pool_id, {}).get(each.rep_id, 0) for each in step}
    for each in able:
        owed[each.rep_id] += each.weight
    chosen = kept or min(able, key=lambda each: (-owed[each.rep_id], each.rep_id))
    owed[chosen.rep_id] -= sum(each.weight for each in able)
    turn = _KEPT if kept else f"; next in turn among {len(able)}" if len(able) > 1 else ""
    return Choice(chosen, f"{chosen.reason}{turn}", judged, owed)


def _place(candidate: Candidate) -> tuple[int, str]:
    return candidate.step_rank, candidate.rep_id
