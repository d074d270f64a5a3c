"""Days on which nobody is handed over for a product, because no definition of it is live."""

from collections import defaultdict
from collections.abc import Iterator

from handoff.agreement.model import OPEN, Agreement, Problem, Row
from handoff.agreement.spans import first_without


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Days between two live definitions of a product, and the end of the last one.

    A pause is meant where a definition that decides at other times says so by a row that is not live: then it is a
    warning. Without such a row somebody has mistaken a date.
    """
    products: dict[str, list[Row]] = defaultdict(list)
    for row in agreement.rows("definitions", status="live"):
        products[row["product_id"] or ""].append(row)
    for product, rows in products.items():
        # What is wrong with a date is told once.
        if all(row.is_dated for row in rows):
            yield from _of_product(agreement, product, sorted(rows, key=lambda row: row.span))


def _of_product(agreement: Agreement, product: str, live: list[Row]) -> Iterator[Problem]:
    nobody = f"nobody is handed over for product {product}"
    deciding = {row.key for row in live}
    said = [row for row in agreement.rows("definitions", product_id=product) if row.key in deciding]
    last, *others = live
    for row in others:
        ends, begins = last.span[1], row.span[0]
        if ends < begins:
            wrong = f"from {ends} to {begins} {nobody}: {last.label} (line {last.line}) ends before {row.label} begins"
            remedy = f"end line {last.line} with valid_to {begins}, or let this line begin on {ends}"
            if first_without((ends, begins), said):
                remedy += f"; if a pause is meant, say so by a row of {last.label} with status draft"
                yield row.problem("valid_from", wrong, remedy)
            else:
                yield row.problem("valid_from", wrong, f"{remedy}, or leave it so if a pause is meant", "warning")
        last = max(last, row, key=lambda each: each.span[1])
    if last.span[1] < OPEN:
        wrong = f"from {last.span[1]} {nobody}: {last.label} is the last that is live, and ends"
        remedy = "add a row with status live that begins then, or leave it so if the product is given up"
        yield last.problem("valid_to", wrong, remedy, "warning")
