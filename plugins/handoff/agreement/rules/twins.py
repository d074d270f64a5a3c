"""What may stand only once at any moment, because a decision would otherwise depend on the order of lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.spans import overlap


@dataclass(frozen=True)
class Once:
    """Two rows of a table that agree in these columns may not hold on one day."""

    table: str
    columns: tuple[str, ...]
    wrong: str
    """What two of them would do; completed by the columns' values."""
    remedy: str
    where: Mapping[str, Any] = field(default_factory=dict)


_END = "end one of them with valid_to"
ONCE = (
    Once("company", (), "two companies would sell", _END),
    Once(
        "definitions",
        ("product_id",),
        "two live definitions would decide",
        f"{_END}, or make it shadow",
        {"status": "live"},
    ),
    Once("requirements", ("definition_id", "field", "operator", "value"), "the requirement is the same", _END),
    Once("disqualifiers", ("definition_id", "field", "operator", "value"), "the disqualifier is the same", _END),
    Once("fit_points", ("definition_id", "field", "operator", "value"), "one fact would earn points twice", _END),
    Once(
        *("signals", ("definition_id", "activity_kind", "match_value"), "an act earns one signal's points"),
        "take the line away that is not meant, or let it match something else",
    ),
    Once("score_caps", ("definition_id", "scope", "scope_id"), "there would be two caps on the same points", _END),
    Once(
        "tiers", ("definition_id", "is_for_hand_raisers", "min_score"), "two tiers would apply", "change its min_score"
    ),
    Once("escalations", ("tier_id", "step"), "two steps have one number", "number the tier's steps from 1"),
    Once("commitments", ("product_id", "metric"), "two promises would be held against one number", _END),
    Once("enrichment_policy", ("subject",), "two policies would apply", _END),
    Once("reps", ("crm_owner_id",), "two reps would own what one owns in HubSpot", "write each rep's own owner id"),
    Once("reps", ("slack_user_id",), "two reps would get one person's messages", "write each rep's own member id"),
    Once("reps", ("email",), "two reps have one address", "write each rep's own address"),
    Once(
        "pool_members", ("pool_id", "rep_id"), "the rep would take two shares of one pool", "keep one, with its weight"
    ),
    Once("routing_steps", ("step_rank",), "two steps would be tried at once", "number the steps from 1"),
    Once("holidays", ("calendar_id", "holiday_on"), "the day is a holiday already", "take one of the two lines away"),
    Once("competitors", ("domain",), "the domain belongs to one competitor", _END),
)


def problems(agreement: Agreement) -> Iterator[Problem]:
    """The later of two lines that may not hold at once."""
    for once in ONCE:
        seen: dict[tuple[Any, ...], list[Row]] = {}
        for row in agreement.rows(once.table, **once.where):
            values = tuple(row[column] for column in once.columns)
            if None not in values:
                yield from _against(seen.setdefault(values, []), row, once)
                seen[values].append(row)


def _against(earlier: list[Row], row: Row, once: Once) -> Iterator[Problem]:
    for other in earlier:
        day = overlap(other, row)
        # Two rows of one id are told by their validity.
        if day and other.key != row.key:
            column = once.columns[-1] if once.columns else None
            named = " and ".join(f"{name} {row.cells[name]}" for name in once.columns)
            wrong = f"{row.label} and {other.label} (line {other.line}) both hold from {day}"
            yield row.problem(column, f"{wrong}{' with ' + named if named else ''}: {once.wrong}", once.remedy)
            return
