"""What to try about a clause that lets the wrong leads in: one step stricter, as a change that can be backtested."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from handoff.agreement import check, words
from handoff.agreement.model import Agreement, Row
from handoff.agreement.what_if import Edit, Unfit, changed
from handoff.review.performance import Performance

TABLES = {
    **{"requirement": "requirements", "behaviour": "behaviours", "disqualifier": "disqualifiers"},
    **{"threshold": "definitions", "signal": "signals", "fit": "fit_points"},
}
STEP = 5
"""Points by which a higher threshold is tried first. Where to look, and nothing that decides."""


def remedy(agreement: Agreement, found: Performance, day: date) -> tuple[Edit | None, str]:
    """The next stricter value of a clause, and what to do in words; no edit where none can be named.

    An edit makes an agreement that can go live.
    """
    rows = agreement.in_force(TABLES.get(found.clause_kind, ""), day, definition_id=found.definition_id)
    row = next((each for each in rows if each.key == found.clause_id), None)
    if row is None:
        return None, "It is no longer in force: nothing to change"
    edit = _edit(agreement, found, row, day)
    if edit is None or not _can_go_live(agreement, edit, day):
        return None, f"Edit {row.seed.file}:{row.line} ({_reads(row)}) and backtest the copy with --to"
    return edit, f"Try {edit.column} {row.cells[edit.column]} → {edit.value}"


def _edit(agreement: Agreement, found: Performance, row: Row, day: date) -> Edit | None:
    if found.clause_kind == "signal" and row["is_hand_raiser"]:
        # Whoever raises a hand qualifies whatever it is worth.
        return Edit(row.key, "is_hand_raiser", "false")
    if found.clause_kind in ("signal", "fit"):
        return Edit(row.key, "points", f"{row['points'] // 2:f}") if row["points"] > 0 else None
    if found.clause_kind == "behaviour":
        return Edit(row.key, "min_count", str(row["min_count"] + 1))
    if found.clause_kind == "threshold":
        return Edit(row.key, "threshold", f"{row['threshold'] + STEP:f}")
    stricter = _next_bound(agreement, row, day) if found.clause_kind == "requirement" else None
    return Edit(row.key, "value", f"{stricter:f}") if stricter is not None else None


def _next_bound(agreement: Agreement, row: Row, day: date) -> Decimal | None:
    """The next stricter number that the definition names for the same fact: for a size, the next class of sizes."""
    now = _number(row["value"])
    if now is None or row["operator"] not in ("at_least", "at_most"):
        return None
    named = [
        bound
        for table in ("fit_points", "requirements")
        for each in agreement.in_force(table, day, definition_id=row["definition_id"], field=row["field"])
        for bound in _bounds(each, row["operator"])
    ]
    if row["operator"] == "at_least":
        return min((bound for bound in named if bound > now), default=None)
    return max((bound for bound in named if bound < now), default=None)


def _bounds(row: Row, operator: str) -> Iterator[Decimal]:
    low, _, high = (row["value"] or "").partition(";")
    text = {"between": low if operator == "at_least" else high, operator: low}.get(row["operator"], "")
    number = _number(text)
    if number is not None:
        yield number


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text and text.isdecimal() else None


def _can_go_live(agreement: Agreement, edit: Edit, day: date) -> bool:
    try:
        tried = changed(agreement, [edit], day)
    except Unfit:
        return False
    return not any(each.severity == "error" for each in check.problems(tried))


def _reads(row: Row) -> str:
    return words.condition(row) if "operator" in row.cells else row["label"] or row.key
