"""Which day's rows two agreements are compared by."""

from datetime import date
from typing import Any

from handoff.agreement.deciding_day import deciding, put_in_force

TODAY = date(2026, 6, 1)


def row(points: int, begins: str = "2026-01-01", ends: str = "9999-12-31", **more: Any) -> dict[str, Any]:
    return {"rule_id": "view", "points": points, "valid_from": begins, "valid_to": ends, "why": "so", **more}


def day(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    return deciding({"signals": before}, {"signals": after}, TODAY).isoformat()


def test_a_row_that_ends_and_one_that_begins_ahead() -> None:
    after = [row(4, ends="2026-07-01"), row(9, "2026-07-01")]
    assert day([row(4)], after) == day(after, [row(4)]) == "2026-07-01"


def test_without_a_change_ahead_it_is_today() -> None:
    assert day([row(4)], [row(4)]) == "2026-06-01"
    assert day([row(4)], [row(9)]) == "2026-06-01"
    assert day([row(4)], [row(4, ends="2026-06-01"), row(9, "2026-06-01")]) == "2026-06-01"
    # Both end the same row.
    ending = [row(4, ends="2026-07-01")]
    assert day([*ending, row(3, "2026-07-01")], [*ending, row(3, "2026-07-01")]) == "2026-06-01"


def test_of_several_changes_ahead_the_last_counts() -> None:
    after = [row(4, ends="2026-07-01"), row(9, "2026-07-01", "2026-08-01"), row(12, "2026-08-01")]
    assert day([row(4)], after) == "2026-08-01"


def test_a_change_for_a_while_is_compared_while_it_lasts() -> None:
    """From August the two say the same again: compared by that day, it would seem that nothing changes."""
    after = [row(4, ends="2026-07-01"), row(9, "2026-07-01", "2026-08-01"), row(4, "2026-08-01", why="back")]
    assert day([row(4)], after) == "2026-07-01"


def test_what_holds_on_the_day_holds_always_and_nothing_else_does() -> None:
    tables = {"signals": [row(4, ends="2026-07-01"), row(9, "2026-07-01")], "countries": [{"iso": "US"}]}
    for on, points in ((date(2026, 6, 30), 4), (date(2026, 7, 1), 9)):
        assert put_in_force(tables, on) == {
            "signals": [row(points, "0001-01-01")],
            "countries": [{"iso": "US"}],
        }
    assert put_in_force(tables, date(2026, 7, 1), ("signals",)) == tables
