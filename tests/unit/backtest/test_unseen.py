"""What of a change a backtest cannot show is named, so that nobody takes its silence for harmlessness."""

from typing import Any

import pytest

from handoff.agreement.source import checkout
from handoff.backtest.unseen import SHOWS, unseen

TABLES = checkout().as_tables()


def changed(table: str, **values: Any) -> dict[str, list[dict[str, Any]]]:
    first, *rest = TABLES[table]
    return {**TABLES, table: [{**first, **values}, *rest]}


@pytest.mark.parametrize(
    ("table", "values", "named"),
    [
        ("definitions", {"requalify_cooling_off_days": "90"}, ("definitions.requalify_cooling_off_days",)),
        ("definitions", {"requalify_after_contact_days": "9"}, ("definitions.requalify_after_contact_days",)),
        ("rejection_reasons", {"starts_cooling_off": "false"}, ("rejection_reasons",)),
        ("tiers", {"response_minutes": "1", "min_score": "3"}, ("tiers.response_minutes",)),
        ("reps", {"max_open": "1", "max_per_day": "1"}, ("reps.max_open", "reps.max_per_day")),
        ("calendars", {"opens": "00:00"}, ("calendars",)),
        ("definitions", {"threshold": "70", "version": "2", "why": "Stricter"}, ()),
        ("signals", {"points": "1"}, ()),
        ("golden_cases", {"decision": "waiting"}, ()),
        ("calendars", {"why": "Another reason"}, ()),
    ],
)
def test_what_cannot_show_is_named(table: str, values: dict[str, str], named: tuple[str, ...]) -> None:
    assert unseen(TABLES, changed(table, **values)) == named
    assert unseen(changed(table, **values), TABLES) == named


def test_a_row_more_shows_and_a_table_less_does_not() -> None:
    assert unseen({**TABLES, "signals": TABLES["signals"][1:]}, TABLES) == ()
    assert unseen({name: rows for name, rows in TABLES.items() if name != "escalations"}, TABLES) == ("escalations",)


def test_the_columns_are_there() -> None:
    seeds = checkout().seeds
    assert {name: (key, blind <= seeds[name].columns.keys()) for name, (key, blind) in SHOWS.items()} == {
        name: (seeds[name].key, True) for name in SHOWS
    }
