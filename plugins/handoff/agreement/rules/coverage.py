"""A territory for every lead that a live definition lets in: each region, each of its countries, each head count."""

from collections.abc import Iterator
from datetime import date

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.territories import ANY, MOST
from handoff.agreement.spans import moments
from handoff.agreement.vocabulary import fact_kinds, regions

_PLACES = ("region", "country")
_OPERATORS = frozenset({"one_of", "equals", "none_of", "ends_with", "is_known"})


def problems(agreement: Agreement) -> Iterator[Problem]:
    """At most one for each region, on the first day on which leads of it are covered by nobody."""
    countries = regions(agreement)
    for definition in agreement.rows("definitions", status="live") if "territories" in agreement.tables else ():
        requirements = agreement.rows("requirements", definition_id=definition.key)
        if _is_unclear(requirements):
            continue
        limits = [row for row in requirements if row["field"] in _PLACES]
        told: set[str] = set()
        for day in moments(definition.span, limits + agreement.rows("territories")):
            asked = [row for row in limits if row.holds(day) and row["value"]]
            for region in sorted(countries.keys() - told):
                served = {each for each in countries[region] if _are_served(asked, region=region, country=each)}
                found = _uncovered(agreement, day, region, served, definition, asked) if served else None
                if found:
                    told.add(region)
                    yield found


def _is_unclear(requirements: list[Row]) -> bool:
    """What is wrong with a requirement is told once; until then nobody can say which places are served."""
    kinds = fact_kinds()
    return any(
        row["field"] not in kinds or (row["field"] in _PLACES and row["operator"] not in _OPERATORS)
        for row in requirements
    )


def _are_served(requirements: list[Row], **place: str) -> bool:
    return all(_holds(row, place[row["field"]].lower()) for row in requirements)


def _holds(requirement: Row, name: str) -> bool:
    # As fact_matches compares them in SQL.
    values = requirement["value"].lower().split(";")
    return {
        "one_of": name in values,
        "equals": name in values,
        "none_of": name not in values,
        "ends_with": name.endswith(tuple(values)),
        "is_known": True,
    }[requirement["operator"]]


def _uncovered(
    agreement: Agreement, day: date, region: str, countries: set[str], definition: Row, asked: list[Row]
) -> Problem | None:
    asking = next((row for row in asked if row["field"] == "region"), definition)
    # What is wrong with a cell is told once.
    near = [
        row
        for row in agreement.in_force("territories", day)
        if row["region"] in (region, ANY, None)
        # One that asks for more than a place and a size leaves others of that place to nobody.
        and all(row[name] in (ANY, None) for name in ("industry", "source"))
        and row["product_id"] in (ANY, None, definition["product_id"])
    ]
    for country in sorted(countries):
        here = [row for row in near if row["country"] in (country, ANY, None)]
        size = _first_size(here)
        if size is None:
            continue
        tail = f"from {day}, and {asking.label} lets them in"
        above = [row for row in here if (row["min_employees"] or 0) > size]
        leads = f"leads of {region} with {size} employees"
        if above:
            unknown = ", for which a head count that nobody knows counts as well," if size == 0 else ""
            row = min(above, key=lambda each: each["min_employees"])
            wrong = f"nobody covers {leads}{unknown} {tail}"
            return row.problem("min_employees", wrong, f"write {size}, or add a territory for them")
        if here:
            row = max(here, key=lambda each: each["max_employees"] or 0)
            return row.problem("max_employees", f"nobody covers {leads} {tail}", f"write {MOST} for no limit")
        if near:
            wrong = f"nobody covers leads of {region} in {country} {tail}"
            return near[-1].problem("country", wrong, f"write {ANY} for all countries of {region}, or add a territory")
        wrong = f"nobody covers leads of {region} {tail}"
        away = f"take {region} away here" if asking is not definition else f"add a requirement without {region}"
        return asking.problem("value", wrong, f"add a row to territories.csv for {region}, or {away}")
    return None


def _first_size(rows: list[Row]) -> int | None:
    """The smallest head count that none of the territories takes."""
    reached = 0
    for row in sorted(rows, key=lambda each: each["min_employees"] or 0):
        if (row["min_employees"] or 0) > reached:
            break
        reached = max(reached, row["max_employees"] or MOST)
    return reached if reached < MOST else None
