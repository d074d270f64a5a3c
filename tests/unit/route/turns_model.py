"""Who gets which lead, by a plain model that keeps in its head what the router reads from the ledger each time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

ZONES = {"ana-costa": "America/New_York", "ben-okafor": "America/Chicago", "chloe-martin": "Europe/Paris"}
OVER = {"contacted", "rejected", "withdrawn"}


@dataclass(frozen=True)
class Member:
    """A rep's place in the pool."""

    weight: int
    max_open: int
    max_per_day: int


@dataclass
class Held:
    """A handoff, whom it was given to, and how it stands."""

    lead_id: str
    product_id: str
    reps: list[str]
    answers: set[str] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        return not self.answers & OVER


@dataclass
class Model:
    """One pool."""

    members: dict[str, Member]
    owed: dict[str, int] = field(default_factory=dict)
    handoffs: list[Held] = field(default_factory=list)
    given: list[tuple[str, datetime]] = field(default_factory=list)

    def open_of(self, rep_id: str) -> int:
        return sum(each.is_open and each.reps[-1] == rep_id for each in self.handoffs)

    def given_on_the_day(self, rep_id: str, at: datetime) -> int:
        zone = ZoneInfo(ZONES[rep_id])
        return sum(
            rep == rep_id and when.astimezone(zone).date() == at.astimezone(zone).date() for rep, when in self.given
        )

    def keeper(self, lead_id: str, product_id: str) -> str | None:
        """Who has the lead for another product and has not been in touch: the first of them."""
        return next(
            (
                each.reps[-1]
                for each in self.handoffs
                if each.lead_id == lead_id and each.product_id != product_id and each.is_open
            ),
            None,
        )

    def turn(
        self,
        at: datetime,
        there: Mapping[str, bool],
        *,
        prefers_present: bool,
        barred: Collection[str] = (),
        keeper: str | None = None,
    ) -> str | None:
        """Who gets it, or nobody.

        Args:
            there: who may take a lead at all, and whether they are at work.
        """
        able = [
            rep_id
            for rep_id, member in self.members.items()
            if rep_id in there
            and rep_id not in barred
            and self.open_of(rep_id) < member.max_open
            and self.given_on_the_day(rep_id, at) < member.max_per_day
        ]
        if keeper not in able and prefers_present and any(there[each] for each in able):
            able = [each for each in able if there[each]]
        if not able:
            return None
        weights = {each: self.members[each].weight for each in able}
        owed = {each: self.owed.get(each, 0) + weights.get(each, 0) for each in self.members}
        chosen = keeper if keeper in able else sorted(able, key=lambda each: (-owed[each], each))[0]
        owed[chosen] -= sum(weights.values())
        self.owed = owed
        self.given.append((chosen, at))
        return chosen
