"""What the weekly pack says of a change of the agreement: one line for each rule, whatever else a new version cuts."""

from datetime import date

import pytest

from handoff.agreement.source import read
from handoff.review.pack import changed
from tests.unit.agreement.conftest import Seeds, seeds

__all__ = ["seeds"]

OPEN = "9999-12-31"
WEEK, UNTIL = date(2026, 3, 9), date(2026, 3, 16)


def lines(seeds: Seeds, week: date = WEEK, until: date = UNTIL) -> list[tuple[str, ...]]:
    section = changed.section(read(seeds.directory), week, until)
    return [row for table in section.tables for row in table.rows]


def raise_the_bar(seeds: Seeds, day: str = "2026-03-11") -> None:
    seeds.change("definitions", "platform-mql", valid_to=day)
    seeds.add("definitions", "platform-mql", version="2", threshold="60", why="Few", valid_from=day, valid_to=OPEN)


def test_a_new_version_is_one_change_from_what_to_what(seeds: Seeds) -> None:
    raise_the_bar(seeds)
    assert lines(seeds) == [
        ("platform-mql", "definition: version 1 → 2; threshold 65 → 60", "changed 2026-03-11", "Few")
    ]


@pytest.mark.parametrize(
    ("day", "is_told"), [("2026-03-08", 0), ("2026-03-09", 1), ("2026-03-15", 1), ("2026-03-16", 0)]
)
def test_the_week_goes_from_its_monday_to_before_the_next(seeds: Seeds, day: str, is_told: int) -> None:
    raise_the_bar(seeds, day)
    section = changed.section(read(seeds.directory), WEEK, UNTIL)
    assert len(section.tables) == is_told
    assert section.paragraphs == (() if is_told else ("Nothing.",))


def test_a_rule_that_ended_and_one_that_began_and_ended_in_the_week_say_so(seeds: Seeds) -> None:
    seeds.change("competitors", "rivalsoft", valid_to="2026-03-10")
    seeds.add("pools", "na", pool_id="trial", name="Trial", why="New", valid_from="2026-03-10", valid_to="2026-03-12")
    seeds.add("pools", "na", pool_id="late", name="Late", why="New", valid_from="2026-03-10", valid_to=OPEN)
    told = {line[0]: line[1:] for line in lines(seeds)}
    assert told.keys() == {"rivalsoft", "trial", "late"}
    assert told["rivalsoft"][1] == "ended 2026-03-10"
    assert told["trial"] == ("pool: name Trial", "began 2026-03-10, ended 2026-03-12", "New")
    assert told["late"][1] == "began 2026-03-10"


def test_what_tells_who_somebody_is_is_not_repeated(seeds: Seeds) -> None:
    seeds.change("reps", "ben-okafor", valid_to="2026-03-10")
    seeds.add("reps", "ben-okafor", email="ben@brightwell.example", weight="2", valid_from="2026-03-10", valid_to=OPEN)
    (line,) = lines(seeds)
    assert "email changed" in line[1]
    assert "brightwell.example" not in str(line)
