"""Attribution models share out one conversion: shares that add up, and a clock that runs."""

from collections.abc import Iterator
from decimal import Decimal

from handoff.agreement.model import Agreement, Problem, Row

WEIGHTS = ("first_weight", "last_weight", "first_of_two_weight")
OF_ONE_TOUCH = {"first_touch": (1, 0, 1), "last_touch": (0, 1, 0)}
"""The weights of the kinds that give everything to one touch."""


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of attribution models."""
    for row in agreement.rows("attribution_models"):
        if row["kind"] in OF_ONE_TOUCH:
            yield from _one_touch(row)
        elif row["kind"] == "position":
            yield from _shares(row)
        elif row["kind"] == "time_decay" and row["half_life_days"] == 0:
            wrong = f"half_life_days of {row.label} is 0, by which a touch's age cannot be measured"
            yield row.problem("half_life_days", wrong, "write days above 0, after which a touch counts half, e.g. 7")


def _one_touch(row: Row) -> Iterator[Problem]:
    for name, share in zip(WEIGHTS, OF_ONE_TOUCH[row["kind"]], strict=True):
        if row[name] is not None and row[name] != share:
            wrong = f"{name} of {row.label} is {row[name]}, and a {row['kind']} model gives everything to one touch"
            yield row.problem(name, wrong, f"write {share}, or position as its kind")
            return


def _shares(row: Row) -> Iterator[Problem]:
    first, last = row["first_weight"], row["last_weight"]
    if first is not None and last is not None and first + last > 1:
        wrong = f"first_weight {first} and last_weight {last} of {row.label} are more than the whole together"
        remedy = f"write {max(1 - first, Decimal(0))} or less: what the two leave is for the touches between"
        yield row.problem("last_weight", wrong, remedy)
