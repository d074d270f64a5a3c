"""What was found."""

from dataclasses import asdict, dataclass
from typing import Any

from handoff.suggest.leaks import Verdict
from handoff.suggest.measure import Measured
from handoff.suggest.ranking import Estimate
from handoff.suggest.sheet import Sheet


@dataclass(frozen=True, eq=False)
class Report:
    """A suggestion with everything that speaks for and against it.

    Attributes:
        source: what was learned from, in the plural.
        order: what "earlier" and "later" were told by.
        learned_from, judged_by: how many examples, the earlier ones and the later ones.
        ended_well: of both.
        left_out: examples that were left out, by reason.
        columns: of a table: which columns may be learned from.
        ways: ways of scoring, by name, each measured on the later examples.
        compared: names of the two whose AUC is compared; `difference` is by how much that of the first is above.
        patch: the change of the seeds as a unified diff; empty where nothing changes.
    """

    source: str
    order: str
    learned_from: int
    judged_by: int
    ended_well: int
    left_out: dict[str, int]
    columns: tuple[Verdict, ...]
    ways: dict[str, Measured]
    compared: tuple[str, str]
    difference: Estimate
    sheet: Sheet
    notes: tuple[str, ...]
    patch: str

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)
