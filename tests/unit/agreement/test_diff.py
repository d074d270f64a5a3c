"""What changed is told row by row, and a change of the past is called out."""

from collections.abc import Callable
from datetime import date

import pytest

from handoff.agreement.change import Cell, markdown
from handoff.agreement.diff import changes
from handoff.agreement.source import checkout, read

from .conftest import Seeds
from .faults import OPEN

TODAY = date(2026, 11, 24)
KEPT = "past handoffs keep the rows they were decided by"
HISTORY = f"changes what was in force since 2026-01-01: figures of that time are counted by it; {KEPT}"


def raise_pricing(seeds: Seeds, day: str = "2026-12-01") -> None:
    """Change a rule as it should be done: end the row, and add one that begins then."""
    seeds.change("signals", "sig-page-pricing", valid_to=day)
    seeds.add("signals", "sig-page-pricing", points="15", why="Won deals", valid_from=day, valid_to=OPEN)


CHANGES: dict[str, tuple[Callable[[Seeds], object], str]] = {
    "closed and added": (raise_pricing, "signals sig-page-pricing: points 12 → 15 from 2026-12-01 (Won deals)"),
    "edited": (
        lambda seeds: seeds.change("pool_members", "na-ben", weight="3"),
        f"pool_members na-ben: weight 2 → 3 from 2026-01-01; {HISTORY}",
    ),
    "ended": (
        lambda seeds: seeds.change("competitors", "rivalsoft", valid_to="2026-12-01"),
        "competitors rivalsoft: holds no longer from 2026-12-01",
    ),
    "ended in the past": (
        lambda seeds: seeds.change("competitors", "rivalsoft", valid_to="2026-11-23"),
        "competitors rivalsoft: holds no longer from 2026-11-23; changes what was in force since 2026-11-23: figures "
        f"of that time are counted by it; {KEPT}",
    ),
    "taken away": (
        lambda seeds: seeds.remove("competitors", "rivalsoft"),
        f"competitors rivalsoft: holds no longer from 2026-01-01; {HISTORY}",
    ),
    "begun later": (
        lambda seeds: seeds.change("competitors", "rivalsoft", valid_from="2026-02-01"),
        f"competitors rivalsoft: holds no longer from 2026-01-01 until 2026-02-01; {HISTORY}",
    ),
    "added for later": (
        lambda seeds: seeds.add(
            "competitors", "rivalsoft", competitor_id="late", domain="late.example", valid_from="2026-12-01", why="New"
        ),
        "competitors late: new, with name RivalSoft, domain late.example from 2026-12-01 (New)",
    ),
    "added from today": (
        lambda seeds: seeds.add("pools", "na", pool_id="latam", valid_from="2026-11-24", why="New"),
        "pools latam: new, with name North America from 2026-11-24 (New)",
    ),
    "another reason": (
        lambda seeds: seeds.change("pools", "na", why="Better said"),
        "pools na: why All other North American accounts → Better said from 2026-01-01",
    ),
    "a case": (
        lambda seeds: seeds.change("golden_cases", "gold-stale", decision="mql"),
        "golden_cases gold-stale: decision not_yet → mql from 2026-01-01",
    ),
    "a table without validity": (
        lambda seeds: seeds.change("industries", "airlines aviation", industry="Software"),
        "industries airlines aviation: industry Transport → Software; its table has no validity: figures of the "
        f"past are counted by it too; {KEPT}",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_in_words(name: str, seeds: Seeds) -> None:
    change, words = CHANGES[name]
    change(seeds)
    after = read(seeds.directory)
    found = changes(checkout(), after, TODAY)
    assert [str(each) for each in found] == [words]
    assert (found[0].rewrites_since is not None) == (KEPT in words)
    back = changes(after, checkout(), TODAY)
    turned = [tuple(Cell(cell.column, cell.after, cell.before) for cell in each.cells) for each in back]
    assert [(each.table, each.id, each.from_day, each.until) for each in back] == [
        (each.table, each.id, each.from_day, each.until) for each in found
    ]
    assert turned == [each.cells for each in found]


def test_the_same_agreement_has_no_changes_whatever_the_order_of_its_lines(seeds: Seeds) -> None:
    seeds.edit("signals", lambda text: b"".join([*text.splitlines(True)[:1], *reversed(text.splitlines(True)[1:])]))
    assert changes(checkout(), read(seeds.directory), TODAY) == []
    assert markdown([]) == "The agreement is the same.\n"


def test_a_line_is_where_the_newer_row_stands(seeds: Seeds) -> None:
    raise_pricing(seeds)
    found = changes(checkout(), read(seeds.directory), TODAY)
    assert [each.line for each in found] == [len(seeds.rows("signals")) + 1]


def test_a_new_column_is_one_change_and_not_one_for_each_row(seeds: Seeds) -> None:
    before = read(seeds.directory)
    described = seeds.directory / "agreement" / "_agreement__seeds.yml"
    typed = "        pool_id: text\n        name: text\n"
    described.write_text(described.read_text(encoding="utf-8").replace(typed, f"{typed}        team: text\n"))
    seeds.edit("pools", lambda text: text.replace(b",valid_from", b",team,valid_from").replace(b",2026", b",red,2026"))
    after = read(seeds.directory)
    assert after.rows("pools")[0].cells["team"] == "red"
    assert [str(each) for each in changes(before, after, TODAY)] == ["pools: column team absent → present"]


def test_markdown_puts_what_was_in_force_first(seeds: Seeds) -> None:
    raise_pricing(seeds)
    seeds.change("tiers", "high", response_minutes="120")
    assert markdown(changes(checkout(), read(seeds.directory), TODAY)) == (
        "> **Changes what was already in force**\n>\n"
        f"> - tiers high: response_minutes 240 → 120 from 2026-01-01; {HISTORY}\n\n"
        "**signals**\n\n- sig-page-pricing: points 12 → 15 from 2026-12-01 (Won deals)\n"
    )
