"""The rows of the agreement, judged without a database."""

import csv
from collections import Counter, defaultdict
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


def test_every_rep_can_be_reached(seeds: Seeds) -> None:
    for row in seeds["reps"]:
        assert row["crm_owner_id"].isdigit(), row
        assert row["slack_user_id"].startswith("U"), row
        assert row["email"].endswith("@" + seeds["company"][0]["domain"]), row
    owners = Counter(row["crm_owner_id"] for row in seeds["reps"] if row["valid_to"] == OPEN)
    assert max(owners.values()) == 1


def test_the_demo_companys_reps(seeds: Seeds) -> None:
    columns = ("rep_id", "crm_owner_id", "slack_user_id", "calendar_id")
    assert {tuple(row[column] for column in columns) for row in seeds["reps"]} == {
        ("ana-costa", "1001", "U0ANACOSTA", "us"),
        ("ben-okafor", "1002", "U0BENOKAFO", "us"),
        ("chloe-martin", "1003", "U0CHLOEMAR", "emea"),
        ("daniel-weber", "1004", "U0DANWEBER", "emea"),
        ("emi-tanaka", "1005", "U0EMITANAK", "apac"),
        ("farah-ali", "1006", "U0FARAHALI", "us"),
    }


def test_every_region_that_we_sell_in_is_covered(seeds: Seeds) -> None:
    sold = next(row["value"] for row in seeds["requirements"] if row["field"] == "region").split(";")
    for region in sold:
        spans = sorted(
            (int(row["min_employees"]), int(row["max_employees"]))
            for row in seeds["territories"]
            if row["region"] in (region, "*") and row["country"] == "*"
        )
        reached = 0
        for begins, ends in spans:
            assert begins <= reached, f"nobody covers {region} from {reached} to {begins} employees"
            reached = max(reached, ends)
        assert reached >= 1_000_000_000


def test_every_pool_has_a_member_and_there_is_a_fallback(seeds: Seeds) -> None:
    members = {row["pool_id"] for row in seeds["pool_members"] if int(row["weight"]) > 0}
    assert {row["pool_id"] for row in seeds["pools"]} <= members
    assert next(row["pool_id"] for row in seeds["routing_steps"] if row["step"] == "fallback") in members


def test_no_cap_is_below_the_points_of_its_rule(seeds: Seeds) -> None:
    caps = {(row["scope"], row["scope_id"]): float(row["max_points"]) for row in seeds["score_caps"]}
    for row in seeds["signals"] + seeds["fit_points"]:
        for scope in (("rule", row["rule_id"]), ("group", row["cap_group"])):
            assert float(row["points"]) <= caps.get(scope, float("inf")), f"{row['rule_id']} can never earn its points"


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
    assert [row for row in seeds["rejection_reasons"] if row["clause_id"] not in clauses] == []


def test_openings_do_not_overlap(seeds: Seeds) -> None:
    days = defaultdict(list)
    for row in seeds["calendars"]:
        assert row["opens"] < row["closes"], row
        days[row["calendar_id"], row["weekday"]].append((row["opens"], row["closes"]))
    for blocks in days.values():
        blocks.sort()
        assert all(closes <= opens for (_, closes), (opens, _) in pairwise(blocks)), blocks


def test_each_hand_raiser_form_is_one_of_the_demo_companys(seeds: Seeds) -> None:
    raised = {
        row["match_value"]
        for row in seeds["signals"]
        if row["is_hand_raiser"] == "true" and row["activity_kind"] == "form_submitted"
    }
    assert raised == {f"f0000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)}


def test_each_tier_promises_what_was_agreed(seeds: Seeds) -> None:
    assert {row["tier_id"]: int(row["response_minutes"]) for row in seeds["tiers"]} == {
        "hand_raiser": 5,
        "high": 240,
        "standard": 480,
    }


def test_every_activity_falls_to_some_kind() -> None:
    mapping = Path(SEEDS.parent, "reference", "crm_activity_kinds.csv")
    with mapping.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for record_type in {row["record_type"] for row in rows}:
        last = max((row for row in rows if row["record_type"] == record_type), key=lambda row: int(row["precedence"]))
        assert (last["direction"], last["status"], last["origin"]) == ("*", "*", "*"), record_type
