"""The rows of the agreement, whichever company's they are, judged without a database."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handoff import clock
from handoff.agreement import company_time_zone

from .conftest import SEEDS, Rows

NAMES = sorted(path.stem for path in SEEDS.glob("*.csv"))
OPEN = "9999-12-31"

Seeds = dict[str, Rows]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_an_id_a_validity_and_a_reason(name: str, seeds: Seeds) -> None:
    for row in seeds[name]:
        first = next(iter(row))
        assert row[first].strip(), f"{name}.csv: a row without {first}"
        assert row["why"].strip(), f"{name}.csv: {row[first]} says no why"
        assert date.fromisoformat(row["valid_from"]) < date.fromisoformat(row["valid_to"]), (
            f"{name}.csv: {row[first]} ends before it begins; an open end is {OPEN}"
        )


@pytest.mark.parametrize("name", NAMES)
def test_no_cell_is_blank(name: str, seeds: Seeds) -> None:
    blank = [(row, column) for row in seeds[name] for column, value in row.items() if not (value or "").strip()]
    assert not blank, f"{name}.csv: fill in {blank[0][1]} of {blank[0][0]}"


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_typed_and_described(name: str, documented: dict[str, dict[str, Any]]) -> None:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as lines:
        header = next(csv.reader(lines))
    assert list(documented[name]["config"]["column_types"]) == header
    described = {column["name"]: column["description"] for column in documented[name]["columns"]}
    assert [column for column in header if not described.get(column)] == []


def test_the_first_column_is_a_key_among_rows_in_force(seeds: Seeds) -> None:
    for name, rows in seeds.items():
        spans = defaultdict(list)
        for row in rows:
            spans[row[next(iter(row))]].append((row["valid_from"], row["valid_to"]))
        for key, found in spans.items():
            found.sort()
            for (_, ends), (begins, _) in pairwise(found):
                assert ends <= begins, f"{name}.csv: two rows of {key} hold at once"


def test_numbers_are_numbers(seeds: Seeds) -> None:
    for name, column in (
        ("signals", "points"),
        ("signals", "half_life_days"),
        ("fit_points", "points"),
        ("score_caps", "max_points"),
        ("definitions", "threshold"),
        ("tiers", "response_minutes"),
        ("pool_members", "weight"),
        ("reps", "max_open"),
        ("reps", "max_per_day"),
    ):
        for row in seeds[name]:
            value = float(row[column])
            assert name == "fit_points" or value >= 0, f"{name}.csv: {column} of {row} is below zero"
            assert round(value, 2) == value, f"{name}.csv: {column} of {row}: points are counted in hundredths"
    assert all(int(row["half_life_days"]) > 0 for row in seeds["signals"])


def test_time_zones_exist(seeds: Seeds) -> None:
    for row in seeds["reps"] + seeds["company"]:
        ZoneInfo(row["time_zone"])


def test_the_weekly_review_is_posted_by_the_company_s_clock(seeds: Seeds) -> None:
    now = clock.now()
    assert company_time_zone(now) in {row["time_zone"] for row in seeds["company"]}
    with pytest.raises(LookupError, match=r"company\.csv has no row that is valid on 1999-12-31: add one"):
        company_time_zone(datetime(1999, 12, 31, tzinfo=UTC))


def test_caps_name_rules_and_groups_that_exist(seeds: Seeds) -> None:
    scoring = seeds["signals"] + seeds["fit_points"]
    known = {
        "rule": {row["rule_id"] for row in scoring},
        "group": {row["cap_group"] for row in scoring},
        "family": {"fit", "engagement"},
        "total": {"*"},
    }
    assert [row for row in seeds["score_caps"] if row["scope_id"] not in known[row["scope"]]] == []


def test_clauses_that_are_named_exist(seeds: Seeds) -> None:
    signals = {row["rule_id"] for row in seeds["signals"]}
    for row in seeds["behaviours"]:
        assert set(row["signal_ids"].split(";")) <= signals
    clauses = (
        signals
        | {row["rule_id"] for row in seeds["fit_points"]}
        | {row["requirement_id"] for row in seeds["requirements"]}
        | {row["disqualifier_id"] for row in seeds["disqualifiers"]}
        | {row["behaviour_id"] for row in seeds["behaviours"]}
        | {row["definition_id"] for row in seeds["definitions"]}
    )
    assert [row for row in seeds["rejection_reasons"] if not set(row["clause_ids"].split(";")) <= clauses] == []


def test_openings_do_not_overlap(seeds: Seeds) -> None:
    days = defaultdict(list)
    for row in seeds["calendars"]:
        assert row["opens"] < row["closes"], row
        days[row["calendar_id"], row["weekday"]].append((row["opens"], row["closes"]))
    for blocks in days.values():
        blocks.sort()
        assert all(closes <= opens for (_, closes), (opens, _) in pairwise(blocks)), blocks


def test_every_activity_falls_to_some_kind() -> None:
    mapping = Path(SEEDS.parent, "reference", "crm_activity_kinds.csv")
    with mapping.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for record_type in {row["record_type"] for row in rows}:
        last = max((row for row in rows if row["record_type"] == record_type), key=lambda row: int(row["precedence"]))
        assert (last["direction"], last["status"], last["origin"]) == ("*", "*", "*"), record_type
