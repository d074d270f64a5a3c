"""Rules as a person would say them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from handoff.agreement.model import Row
from handoff.agreement.rules.territories import MOST

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a, b and c`; nothing for none."""
    found = list(words)
    return f"{', '.join(found[:-1])} {last} {found[-1]}" if len(found) > 1 else "".join(found)


def number(value: Decimal | int | None) -> str:
    """Without needless decimals, with a comma every three digits."""
    return "?" if value is None else f"{value.normalize():,f}" if isinstance(value, Decimal) else f"{value:,}"


def count(value: int | None, noun: str) -> str:
    """`1 day`, `30 days`."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def open_time(minutes: int | None) -> str:
    """A response time, which counts open minutes only."""
    hours, rest = divmod(minutes or 0, 60)
    parts = [count(hours, "business hour")] if hours else []
    return " ".join([*parts, count(rest, "minute" if hours else "business minute")] if rest or not hours else parts)


def sizes(least: int | None, below: int | None) -> str:
    """A range of head counts, of which the upper end is not part."""
    if below is None or below >= MOST:
        return f"{number(least)} or more employees" if least else "any number of employees"
    return f"{number(least)} to {number(below - 1)} employees"


def condition(row: Row) -> str:
    """A condition on a fact, or on all activity, in words."""
    name, operator, value = (
        (row["field"] or "").removeprefix("is_").replace("_", " "),
        row["operator"],
        row["value"] or "",
    )
    parts = value.split(";")
    if value in ("true", "false") and operator == "equals":
        return f"{name}: {'yes' if value == 'true' else 'no'}"
    if row["basis"] == "all_activity":
        return f"everything that the lead did is: {name}{'' if operator == 'any' else ' ' + value}"
    if operator == "between":
        return f"{name}: {_range(parts)}"
    if any(" and " in part for part in parts):
        parts = [f"“{part}”" for part in parts]
    return {
        "is_known": f"{name} is known",
        "equals": f"{name} is {value}",
        "one_of": f"{name} is {listed(parts, 'or')}",
        "none_of": f"{name} is known and not {listed(parts, 'or')}",
        "ends_with": f"{name} ends with {listed(parts, 'or')}",
        "at_least": f"{name}: {value} or more",
        "at_most": f"{name}: {value} or fewer",
    }.get(operator, f"{name} {operator} {value}")


def _range(parts: Sequence[str]) -> str:
    if parts[-1].isdigit() and int(parts[-1]) >= MOST:
        return f"{int(parts[0]):,} or more"
    return " to ".join(f"{int(part):,}" if part.isdigit() else part for part in parts)


def match(row: Row) -> str:
    """What a signal looks at, in words."""
    kind = (row["activity_kind"] or "").replace("_", " ")
    how = {"any": "any", "exact": row["match_value"] or "", "prefix": f"{row['match_value']} and below"}
    return f"{kind}: {how.get(row['match_kind'], '')}"


def decay(row: Row) -> str:
    """What an act is worth later, as an example."""
    points, days = row["points"], row["half_life_days"]
    if points is None or not days:
        return ""
    worth = listed((f"{number(round(points / 2**n, 2))} after {count(days * n, 'day')}" for n in (1, 2)), "and")
    return f"“{row['label']}” is worth {number(points)} points at once, {worth}."
