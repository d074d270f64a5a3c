"""Attribution: channels by what is known of acts, conversions by evidence that there can be, shares that add up."""

from collections.abc import Iterator
from decimal import Decimal

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.spans import first_gap
from handoff.agreement.vocabulary import ANSWERS, READ_OF_ACTS
from handoff.sync.plan import STAGES

WEIGHTS = ("first_weight", "last_weight", "first_of_two_weight")
OF_ONE_TOUCH = {"first_touch": (1, 0, 1), "last_touch": (0, 1, 0)}
"""The weights of the kinds that give everything to one touch."""
ANY = "*"


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of channel rules, conversion rules and attribution models."""
    kinds = {row["kind"] for row in agreement.rows("activity_kinds") if row["is_inbound"]}
    for row in agreement.rows("touch_channels"):
        if row["match_field"] and row["match_field"] not in READ_OF_ACTS:
            yield from _parameter(agreement, row)
        elif row["match_field"] == "activity_kind" and row["match_value"] and kinds:
            yield from _kinds(row, kinds)
    for row in agreement.rows("attribution_conversions"):
        if row["match_value"] and row["match_value"] != ANY:
            yield from _evidence(agreement, row)
    for row in agreement.rows("attribution_models"):
        if row["kind"] in OF_ONE_TOUCH:
            yield from _one_touch(row)
        elif row["kind"] == "position":
            yield from _shares(row)
        elif row["kind"] == "time_decay" and row["half_life_days"] == 0:
            wrong = f"half_life_days of {row.label} is 0, by which a touch's age cannot be measured"
            yield row.problem("half_life_days", wrong, "write days above 0, after which a touch counts half, e.g. 7")


def _parameter(agreement: Agreement, row: Row) -> Iterator[Problem]:
    """A field that is no part of every act must be a parameter that is kept of an address."""
    parameters = agreement.rows("touch_parameters")
    own = [each for each in parameters if each.key == row["match_field"]]
    subject = f"match_field {row['match_field']!r} of {row.label}"
    if "touch_parameters" not in agreement.tables:
        return
    if not own:
        remedy = nearest(
            row["match_field"], {*READ_OF_ACTS, *(each.key for each in parameters)}, "touch_parameters.csv"
        )
        yield row.problem("match_field", f"{subject} is nothing that is known of an act", remedy)
    elif day := first_gap(row, own):
        wrong = f"{subject} is no parameter that is kept from {day}"
        yield row.problem("match_field", wrong, f"end this row with valid_to {day} as well, or see to {own[-1].label}")


def _kinds(row: Row, kinds: set[str]) -> Iterator[Problem]:
    for name in row["match_value"].split(";"):
        if name == ANY:
            wrong = (
                f"match_value {ANY} of {row.label} names no kind, and an act of a kind that no row names is no touch"
            )
            yield row.problem("match_value", wrong, "write the kinds, separated by ;", "warning")
        elif name not in kinds:
            wrong = f"match_value {name!r} of {row.label} is nothing that a lead does"
            yield row.problem("match_value", wrong, nearest(name, kinds))


def _evidence(agreement: Agreement, row: Row) -> Iterator[Problem]:
    value = row["match_value"]
    subject = f"match_value {value!r} of {row.label}"
    products = {each["product_id"] for each in agreement.rows("definitions") if each["product_id"]}
    if row["evidence_kind"] == "handed_off" and products and value not in products:
        yield row.problem("match_value", f"{subject} is no product", nearest(value, {*products, ANY}))
    elif row["evidence_kind"] == "answered" and value not in ANSWERS:
        yield row.problem("match_value", f"{subject} is no answer to a handoff", nearest(value, {*ANSWERS, ANY}))
    elif row["evidence_kind"] == "reached_stage" and value not in STAGES:
        wrong = f"{subject} is none of HubSpot's own lifecycle stages"
        remedy = f"leave it if it is the internal name of a stage of your own; else {nearest(value, STAGES)}"
        yield row.problem("match_value", wrong, remedy, "warning")


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
