"""A broken agreement is refused with its file, its line, what is wrong and what to write instead."""

import re

import pytest

from handoff.agreement.check import problems
from handoff.agreement.source import checkout

from .conftest import Seeds
from .faults import FAULTS, OPEN, Fault


def test_the_checkouts_own_agreement_is_sound() -> None:
    assert [str(problem) for problem in problems(checkout())] == []


def test_a_copy_of_it_is_sound(seeds: Seeds) -> None:
    assert [str(problem) for problem in seeds.problems()] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.table}-{fault.key}-{fault.says[:40]}")
def test_a_planted_fault_is_the_one_problem(fault: Fault, seeds: Seeds) -> None:
    plant = seeds.add if fault.adds else seeds.change
    line = plant(fault.table, fault.key, **fault.cells)
    table, key = fault.told_at or (fault.table, fault.key)
    line = seeds.line(table, key) if fault.told_at else line
    found = seeds.problems()
    assert [(each.file.rpartition("/")[2], each.line, each.column) for each in found] == [
        (f"{table}.csv", line, fault.column)
    ], "\n".join(map(str, found))
    assert fault.says in found[0].wrong
    assert fault.write in found[0].remedy
    assert found[0].severity == fault.severity
    assert re.match(rf"seeds/(agreement|reference)/{table}\.csv:{line}: ", str(found[0]))
    if fault.column and not fault.told_at:
        row = next(row for place, row in enumerate(seeds.rows(table), 2) if place == line)
        assert found[0].found == row[fault.column]


def lines(seeds: Seeds) -> list[str]:
    return [str(problem) for problem in seeds.problems()]


def test_a_rule_that_is_changed_as_it_should_be_is_sound(seeds: Seeds) -> None:
    seeds.change("signals", "sig-page-pricing", valid_to="2026-12-01")
    seeds.add("signals", "sig-page-pricing", points="15", valid_from="2026-12-01", valid_to=OPEN)
    seeds.change("definitions", "platform-mql", valid_to="2026-12-01")
    seeds.add("definitions", "platform-mql", version="2", valid_from="2026-12-01", valid_to=OPEN)
    assert lines(seeds) == []


def test_a_gap_between_versions_is_told_at_the_later_line(seeds: Seeds) -> None:
    seeds.change("calendars", "us-mon-am", valid_to="2026-12-01")
    line = seeds.add("calendars", "us-mon-am", valid_from="2026-12-08", valid_to=OPEN)
    assert lines(seeds) == [
        f"seeds/agreement/calendars.csv:{line}: line 2 says what opening us-mon-am is from 2026-01-01 to 2026-12-01, "
        "and nothing says it until 2026-12-08; end line 2 with valid_to 2026-12-08, or give this line another id"
    ]


def test_a_rep_who_leaves_leaves_nothing_dangling(seeds: Seeds) -> None:
    seeds.change("reps", "ben-okafor", valid_to="2026-12-01")
    found = lines(seeds)
    assert [line.partition(" rep_id")[0] for line in found] == [
        "seeds/agreement/absences.csv:2:",
        f"seeds/agreement/pool_members.csv:{seeds.line('pool_members', 'na-ben')}:",
    ]
    assert "is not in force from 2026-12-01, while the row is open" in found[1]
    assert "end this row with valid_to 2026-12-01 as well, or see to reps.csv:3" in found[1]
    seeds.change("pool_members", "na-ben", valid_to="2026-12-01")
    seeds.remove("absences", "abs-ben-2026-12")
    assert lines(seeds) == []


def test_one_version_for_two_texts_is_refused(seeds: Seeds) -> None:
    seeds.change("definitions", "platform-mql", valid_to="2026-12-01")
    seeds.add("definitions", "platform-mql", threshold="70", valid_from="2026-12-01", valid_to=OPEN)
    assert lines(seeds) == [
        "seeds/agreement/definitions.csv:3: version 1 of definition platform-mql stands on line 2 as well, and "
        "decisions carry it; count it up"
    ]


def lapses(seeds: Seeds) -> list[str]:
    return [each for each in lines(seeds) if "nobody is handed over for product platform" in each]


def test_a_product_that_is_live_again_without_a_word_on_the_days_between_is_refused(seeds: Seeds) -> None:
    seeds.change("definitions", "platform-mql", valid_to="2027-01-01")
    second = {"definition_id": "platform-mql-v2", "version": "2"}
    seeds.add("definitions", "platform-mql", **second, valid_from="2027-01-11", valid_to=OPEN)
    # A trial decides nothing, and does not say that a pause is meant.
    seeds.add("definitions", "platform-mql", definition_id="trial", version="3", status="shadow", valid_to=OPEN)
    gap = "seeds/agreement/definitions.csv:3: from 2027-01-01 to 2027-01-11 nobody is handed over for product platform"
    assert [each.partition(": definition")[0] for each in lapses(seeds)] == [gap]
    assert "end line 2 with valid_to 2027-01-11" in lapses(seeds)[0]
    seeds.change("definitions", "platform-mql-v2", valid_from="2027-01-01")
    assert lapses(seeds) == []


def test_a_product_that_is_live_no_more_or_pauses_is_a_warning(seeds: Seeds) -> None:
    seeds.change("definitions", "platform-mql", valid_to="2027-01-01")
    assert lapses(seeds) == [
        "seeds/agreement/definitions.csv:2: warning: from 2027-01-01 nobody is handed over for product platform: "
        "definition platform-mql is the last that is live, and ends; add a row with status live that begins then, "
        "or leave it so if the product is given up"
    ]
    draft = {"version": "2", "status": "draft", "valid_from": "2027-01-01"}
    seeds.add("definitions", "platform-mql", **draft, valid_to="2027-02-01")
    assert len(lapses(seeds)) == 1
    seeds.add("definitions", "platform-mql", version="3", valid_from="2027-02-01", valid_to=OPEN)
    assert [each.partition(": definition")[0] for each in lines(seeds)] == [
        "seeds/agreement/definitions.csv:4: warning: from 2027-01-01 to 2027-02-01 nobody is handed over for product "
        "platform"
    ]


def test_two_live_definitions_of_one_product_are_refused_and_a_draft_is_not(seeds: Seeds) -> None:
    line = seeds.add("definitions", "platform-mql", definition_id="second-mql", version="2", status="draft")
    assert lines(seeds) == []
    seeds.change("definitions", "second-mql", status="live")
    assert any(
        f"definitions.csv:{line}: definition second-mql and definition platform-mql" in each for each in lines(seeds)
    )


def test_a_name_of_another_definition_is_refused(seeds: Seeds) -> None:
    seeds.add("definitions", "platform-mql", definition_id="second-mql", version="2", status="draft")
    seeds.add("score_caps", "cap-pages", cap_id="cap-pages-2", definition_id="second-mql")
    seeds.change("signals", "sig-page-security", definition_id="second-mql")
    assert lines(seeds) == [
        "seeds/agreement/behaviours.csv:2: signal_ids 'sig-page-security' of behaviour beh-active-interest belongs to "
        "definition second-mql, not to platform-mql; name one of the row's own definition"
    ]


def test_a_reason_may_accuse_a_clause_of_each_definition(seeds: Seeds) -> None:
    seeds.add("definitions", "platform-mql", definition_id="second-mql", version="2", status="draft")
    seeds.add("requirements", "req-region", requirement_id="second-region", definition_id="second-mql")
    line = seeds.change("rejection_reasons", "wrong_region", clause_ids="req-region;second-region")
    assert lines(seeds) == []
    seeds.change("requirements", "second-region", valid_to="2026-12-01")
    (found,) = lines(seeds)
    assert found.startswith(f"seeds/agreement/rejection_reasons.csv:{line}: clause_ids 'second-region' of rejection")
    assert "is not in force from 2026-12-01" in found


def test_a_tier_without_escalation_is_a_warning(seeds: Seeds) -> None:
    for step in ("remind", "warn", "breach"):
        seeds.remove("escalations", f"esc-standard-{step}")
    found = seeds.problems()
    assert [(each.severity, each.line) for each in found] == [("warning", seeds.line("tiers", "standard"))]
    assert ": warning: tier standard has no escalation from 2026-01-01" in str(found[0])


def test_a_blank_slack_user_is_told_as_the_handbook_says(seeds: Seeds) -> None:
    line = seeds.change("reps", "ben-okafor", slack_user_id="")
    assert lines(seeds) == [
        f"seeds/agreement/reps.csv:{line}: slack_user_id is blank for rep ben-okafor; write the member id that Slack "
        "shows under “Copy member ID”, e.g. U0BENOKAFO"
    ]


def test_each_product_has_one_promise_for_a_figure(seeds: Seeds) -> None:
    seeds.add("definitions", "platform-mql", definition_id="other-mql", product_id="other", status="draft")
    seeds.add("commitments", "com-marketing-volume", commitment_id="com-other", product_id="other", target="40")
    assert [each for each in seeds.problems() if "commitments" in each.file] == []
    seeds.add("commitments", "com-other", commitment_id="com-more", target="50")
    assert ["two promises" in str(each) for each in seeds.problems() if "commitments" in each.file] == [True]
    seeds.change("commitments", "com-more", valid_from="2026-06-01")
    seeds.change("commitments", "com-other", valid_to="2026-06-01")
    assert [each for each in seeds.problems() if "commitments" in each.file] == []


def test_a_territory_for_the_definition_s_own_product_covers_its_leads(seeds: Seeds) -> None:
    places = [row["territory_id"] for row in seeds.rows("territories")]
    for key in places:
        seeds.change("territories", key, product_id="platform")
    assert lines(seeds) == []
    seeds.add("definitions", "platform-mql", definition_id="other-mql", product_id="other", status="draft")
    for key in places:
        seeds.change("territories", key, product_id="other")
    assert [each.wrong.partition(" from ")[0] for each in seeds.problems()] == ["nobody covers leads of APAC"]
    for place, key in enumerate(places):
        row = {"territory_id": f"{key}-own", "product_id": "platform", "precedence": str(50 + place)}
        seeds.add("territories", key, **row)
    assert lines(seeds) == []


def test_a_country_that_a_requirement_rules_out_needs_no_territory(seeds: Seeds) -> None:
    seeds.change("requirements", "req-region", field="country", value="US;CA")
    for key in ("ter-emea", "ter-apac"):
        seeds.remove("territories", key)
    assert lines(seeds) == []
    seeds.change("requirements", "req-region", value="US;CA;FR")
    assert lines(seeds) == [
        "seeds/agreement/definitions.csv:2: nobody covers leads of EMEA from 2026-01-01, and definition platform-mql "
        "lets them in; add a row to territories.csv for EMEA, or add a requirement without EMEA"
    ]
    seeds.add("requirements", "req-region", requirement_id="req-not-fr", operator="none_of", value="FR")
    assert lines(seeds) == []
