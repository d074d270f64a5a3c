"""Scores by given points, capped as the line's models cap them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from handoff.agreement.model import Row
from handoff.suggest.model import Floats, Item


@dataclass(frozen=True)
class Caps:
    """The most points that count, by rule, group and family, and in all. What is not named has no cap."""

    rule: Mapping[str, float] = field(default_factory=dict)
    group: Mapping[str, float] = field(default_factory=dict)
    family: Mapping[str, float] = field(default_factory=dict)
    total: float = np.inf

    def least_above(self, item: Item) -> float:
        """The lowest of the caps that an item is under."""
        own = (self.rule.get(item.id), self.group.get(item.group), self.family.get(item.family), self.total)
        return min(each for each in own if each is not None)


def caps(rows: Sequence[Row]) -> Caps:
    """The caps of one definition's rows of `score_caps`."""
    found: dict[str, dict[str, float]] = {"rule": {}, "group": {}, "family": {}, "total": {}}
    for row in rows:
        found[row["scope"]][row["scope_id"]] = float(row["max_points"])
    return Caps(found["rule"], found["group"], found["family"], min(found["total"].values(), default=np.inf))


def scores(weights: Floats, points: Floats, items: Sequence[Item], caps: Caps) -> Floats:
    """The score of each example, (examples,). Points below zero always count in full, as in `int_score_parts`.

    Args:
        weights: (examples, items).
        points: (items,).
    """
    parts = weights * points
    below = np.minimum(parts, 0).sum(axis=1)
    kept = np.minimum(np.maximum(parts, 0), [caps.rule.get(item.id, np.inf) for item in items])
    kept, names = _capped(kept, [(item.family, item.group) for item in items], lambda key: caps.group.get(key[1]))
    kept, _ = _capped(kept, [(family, "") for family, _ in names], lambda key: caps.family.get(key[0]))
    found: Floats = np.minimum(kept.sum(axis=1), caps.total) + below
    return found


def saturated(weights: Floats, items: Sequence[Item], caps: Caps) -> Floats:
    """The weights up to what the caps let count by the points of today: five views may say no more than three."""
    most = [caps.least_above(item) / max(item.today or 0.0, 1.0) for item in items]
    found: Floats = np.minimum(weights, most)
    return found


def _capped(
    kept: Floats, keys: Sequence[tuple[str, str]], cap_of: Callable[[tuple[str, str]], float | None]
) -> tuple[Floats, list[tuple[str, str]]]:
    """The sums by key, each up to its cap, and their keys."""
    names = sorted(set(keys))
    sums = np.column_stack([kept[:, [key == name for key in keys]].sum(axis=1) for name in names])
    most = [np.inf if (cap := cap_of(name)) is None else cap for name in names]
    return np.minimum(sums, most), names
