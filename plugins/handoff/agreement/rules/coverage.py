"""A territory for every lead that a live definition lets in: each region, each country in it, each head count."""

from collections.abc import Iterator
from datetime import date

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.territories import ANY, MOST
from handoff.agreement.spans import moments
from handoff.agreement.vocabulary import fact_kinds, regions

_OPERATORS = frozenset({"one_of", "equals", "none_of", "is_known"})


def problems(agreement: Agreement) -> Iterator[Problem]:
    """At most one for each region, on the first day on which leads of it are covered by nobody."""
    countries = regions(agreement)
    for definition in agreement.rows("definitions", status="live") if "territories" in agreement.tables else ():
        requirements = agreement.rows("requirements", definition_id=definition.key, field="region")
        told: set[str] = set()
        if _is_unclear(agreement.rows("requirements", definition_id=definition.key)):
            continue
        for day in moments(definition.span, requirements + agreement.rows("territories")):
            asked = [row for row in requirements if row.holds(day) and row["value"]]
            served = {name for name in countries if all(_serves(row, name) for row in asked)}
            for region in sorted(served - told):
                found = _uncovered(agreement, day, region, countries[region], asked[0] if asked else definition)
                if found:
                    told.add(region)
                    yield found


def _is_unclear(requirements: list[Row]) -> bool:
    """What is wrong with a requirement is told once; until then nobody can say which regions are served."""
    kinds = fact_kinds()
    return any(
        row["field"] not in kinds or (row["field"] == "region" and row["operator"] not in _OPERATORS)
        for row in requirements
    )


def _serves(requirement: Row, region: str) -> bool:
    listed = region in requirement["value"].split(";")
    return {"one_of": listed, "equals": listed, "none_of": not listed, "is_known": True}[requirement["operator"]]


def _uncovered(agreement: Agreement, day: date, region: str, countries: set[str], asking: Row) -> Problem | None:
    # What is wrong with a cell is told once.
    near = [
        row
        for row in agreement.in_force("territories", day)
        if row["region"] in (region, ANY, None)
        # One that asks for more than a place and a size leaves others of that place to nobody.
        and all(row[name] in (ANY, None) for name in ("industry", "product_id", "source"))
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
        return asking.problem("value", wrong, f"add a row to territories.csv for {region}, or take {region} away here")
    return None


def _first_size(rows: list[Row]) -> int | None:
    """The smallest head count that none of the territories takes."""
    reached = 0
    for row in sorted(rows, key=lambda each: each["min_employees"] or 0):
        if (row["min_employees"] or 0) > reached:
            break
        reached = max(reached, row["max_employees"] or MOST)
    return reached if reached < MOST else None
