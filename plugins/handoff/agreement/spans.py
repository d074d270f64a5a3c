"""Arithmetic with validities, which are half-open: `[valid_from, valid_to)`."""

from collections.abc import Iterable
from datetime import date

from handoff.agreement.model import OPEN, Row, Span


def overlap(one: Row, other: Row) -> date | None:
    """The first day on which both hold; None when there is none, or when one does not say when it holds."""
    if not (one.is_dated and other.is_dated):
        return None
    begins = max(one.span[0], other.span[0])
    return begins if begins < min(one.span[1], other.span[1]) else None


def first_gap(row: Row, others: Iterable[Row]) -> date | None:
    """The first day on which the row holds and none of the others does; None when there is none, or nobody can say."""
    return first_without(row.span, others) if row.is_dated else None


def first_without(span: Span, rows: Iterable[Row]) -> date | None:
    """The first day of a span on which none of the rows holds; None when there is none."""
    reached = span[0]
    for begins, ends in sorted(row.span for row in rows):
        if begins > reached:
            break
        reached = max(reached, ends)
    return reached if reached < span[1] else None


def moments(span: Span, rows: Iterable[Row]) -> list[date]:
    """The days within a span on which any of the rows begins or ends, and the span's first: between them all is one."""
    days = {day for row in rows for day in row.span if span[0] < day < span[1]}
    return sorted({span[0], *days} - {OPEN})
