"""The rules of one definition as items, with the caps and the threshold that go with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handoff.agreement.model import Agreement, Row
from handoff.suggest.model import CannotSuggest, Item
from handoff.suggest.scoring import Caps, caps

FAMILIES = {"fit_points": "fit", "signals": "engagement"}


@dataclass(frozen=True)
class Rules:
    """What scores a lead by one definition on one day.

    Attributes:
        rows: the rows of `fit_points` and `signals`, in the order of the items.
    """

    definition: Row
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    caps: Caps

    @property
    def threshold(self) -> float:
        """Score from which on a lead qualifies."""
        return float(self.definition["threshold"])


def rules(agreement: Agreement, day: date, definition_id: str | None = None) -> Rules:
    """The rules that are in force.

    Args:
        definition_id: None for the only definition that is live.

    Raises:
        CannotSuggest: there is no such definition, or there are several.
    """
    live = agreement.in_force("definitions", day, status="live")
    found = agreement.in_force("definitions", day, definition_id=definition_id) if definition_id else live
    if len(found) != 1:
        known = ", ".join(row.key for row in agreement.in_force("definitions", day)) or "none"
        asked = f"there is no definition {definition_id!r}" if definition_id else f"{len(live)} definitions are live"
        raise CannotSuggest(f"{asked} on {day}: name one of {known}")
    definition = found[0]
    rows = [row for table in FAMILIES for row in agreement.in_force(table, day, definition_id=definition.key)]
    return Rules(
        definition, tuple(rows), _items(rows), caps(agreement.in_force("score_caps", day, definition_id=definition.key))
    )


def _items(rows: Sequence[Row]) -> tuple[Item, ...]:
    return tuple(
        Item(
            id=row.key,
            label=row["label"] or row.key,
            today=float(row["points"]),
            family=FAMILIES[row.seed.name],
            group=row["cap_group"] or "",
        )
        for row in rows
    )
