"""Territories divide what is served: each is somewhere, none shares leads with another or is hidden behind it."""

import re
from collections.abc import Iterable, Iterator

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.spans import first_gap, overlap
from handoff.agreement.vocabulary import known_values, regions

MOST = 1_000_000_000
"""Head count that stands for no upper limit."""
ANY = "*"
WHAT = ("region", "country", "industry", "product_id", "source")
"""Columns that are one value, or any."""
SOURCE = re.compile(r"[A-Z][A-Z0-9_]*")


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of each territory, and of two of them."""
    countries = regions(agreement)
    rows = agreement.rows("territories")
    for place, row in enumerate(rows):
        yield from _place(row, countries)
        yield from _segment(agreement, row)
        yield from _sizes(row)
        yield from _against(row, rows, rows[:place])


def _place(row: Row, countries: dict[str, set[str]]) -> Iterator[Problem]:
    region, country = row["region"], row["country"]
    known = set().union(*countries.values())
    if not (region and country and known):
        return
    if region != ANY and region not in countries:
        wrong = f"region {region!r} of {row.label} is no region of seeds/reference"
        yield row.problem("region", wrong, nearest(region, {*countries, ANY}))
    elif country != ANY and country not in known:
        wrong = f"country {country!r} of {row.label} is no country code of seeds/reference"
        yield row.problem("country", wrong, nearest(country, {*known, ANY}, "seeds/reference/countries.csv"))
    elif ANY not in (region, country) and country not in countries[region]:
        home = next(name for name, codes in countries.items() if country in codes)
        wrong = f"{row.label} is for {country} in {region}, where no lead is: {country} is in {home}"
        yield row.problem("country", wrong, f"write region {home} or *, or another country")


def _segment(agreement: Agreement, row: Row) -> Iterator[Problem]:
    known = {
        "industry": known_values(agreement)["industry"],
        "product_id": {each["product_id"] for each in agreement.rows("definitions") if each["product_id"]},
    }
    for name, values in known.items():
        value = row[name]
        if value and values and value not in {*values, ANY}:
            wrong = f"{name} {value!r} of {row.label} is none that a lead can have"
            yield row.problem(name, wrong, nearest(value, {*values, ANY}))
    source = row["source"]
    if source and source != ANY and not SOURCE.fullmatch(source):
        wrong = f"source {source!r} of {row.label} is no source as HubSpot names it"
        yield row.problem("source", wrong, f"write it in capitals, e.g. PAID_SEARCH, or {ANY}")


def _sizes(row: Row) -> Iterator[Problem]:
    least, most = row["min_employees"], row["max_employees"]
    if least is not None and most is not None and most <= least:
        wrong = f"max_employees {most} of {row.label} is not above its min_employees {least}"
        yield row.problem("max_employees", wrong, f"write the head count below which it ends; {MOST} for no limit")


def _against(row: Row, rows: Iterable[Row], earlier: Iterable[Row]) -> Iterator[Problem]:
    for other in earlier:
        day = overlap(row, other)
        if day and other.key != row.key and row["precedence"] == other["precedence"] and _meets(row, other):
            wrong = (
                f"{row.label} and {other.label} (line {other.line}) have precedence {row['precedence']} and share leads"
            )
            yield row.problem("precedence", wrong, f"{_between(row)}: the lowest number wins")
    for other in rows:
        ranks = (other["precedence"], row["precedence"])
        if None not in ranks and ranks[0] < ranks[1] and _contains(other, row) and not first_gap(row, [other]):
            wrong = f"{row.label} gets no lead: {other.label} (line {other.line}) takes them all before it"
            yield row.problem("precedence", wrong, f"write a number below {ranks[0]}, or take the line away")
            return


def _between(row: Row) -> str:
    return f"write a number for {row.key} that no territory beside it has"


def _meets(one: Row, other: Row) -> bool:
    same = all(ANY in (one[name], other[name]) or one[name] == other[name] for name in WHAT)
    bounds = [each[name] for each in (one, other) for name in ("min_employees", "max_employees")]
    return same and None not in bounds and max(bounds[0], bounds[2]) < min(bounds[1], bounds[3])


def _contains(outer: Row, inner: Row) -> bool:
    wide = all(outer[name] in (ANY, inner[name]) for name in WHAT)
    bounds = [each[name] for each in (outer, inner) for name in ("min_employees", "max_employees")]
    return wide and None not in bounds and bounds[0] <= bounds[2] < bounds[3] <= bounds[1]
