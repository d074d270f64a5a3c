"""A value for which a condition on a fact would hold, such as the fact's column can take."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import count

from handoff.agreement.vocabulary import fact_kinds
from handoff.ledger.db import Connection

Condition = tuple[str, str, str]
"""Field, operator and value of a rule."""


def satisfying(connection: Connection, conditions: Iterable[Condition]) -> dict[Condition, str]:
    """A value for each condition; one for which no value can be named is left out."""
    candidates = [(each, value) for each in set(conditions) for value in _candidates(*each)]
    rows = connection.execute(
        """select asked.place from unnest(%s::int[], %s::text[], %s::text[]) as asked (place, field, value)
        inner join pg_attribute as fact
            on fact.attrelid = 'line.int_leads'::regclass and fact.attname = asked.field and fact.attnum > 0
        where pg_input_is_valid(asked.value, format_type(fact.atttypid, fact.atttypmod)) order by asked.place desc""",
        (
            list(range(len(candidates))),
            [field for (field, _, _), _ in candidates],
            [value for _, value in candidates],
        ),
    )
    # Of one condition the first value stays.
    return dict(candidates[row["place"]] for row in rows)


def _candidates(field: str, operator: str, value: str) -> Iterator[str]:
    """Values that satisfy the condition, the plainest first."""
    kind, parts = fact_kinds().get(field, "text"), value.lower().split(";")
    match operator:
        case "equals":
            yield value
        case "one_of" | "ends_with":
            yield from value.split(";")
        case "at_least" | "at_most":
            yield value
            yield _whole(value, ROUND_CEILING if operator == "at_least" else ROUND_FLOOR)
        case "between":
            low, high = value.split(";")
            yield low
            if Decimal(whole := _whole(low, ROUND_CEILING)) <= Decimal(high):
                yield whole
        case "none_of" | "is_known":
            yield next((each for each in _of_kind(kind) if each not in parts), "")


def _of_kind(kind: str) -> Iterator[str]:
    match kind:
        case "flag":
            yield from ("true", "false")
        case "number":
            yield from map(str, count(1))
        case _:
            yield from (f"another{' one' * number}" for number in count())


def _whole(value: str, rounding: str) -> str:
    return str(Decimal(value).to_integral_value(rounding))
