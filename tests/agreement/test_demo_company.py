"""The rows of the agreement that the demo company lives by, as the sandbox plays it."""

from collections import Counter

from .conftest import Rows

OPEN = "9999-12-31"

Seeds = dict[str, Rows]


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
