"""Which of our wishes a contact may take: a person's change always stays."""

from datetime import UTC, datetime
from typing import Any

import pytest

from handoff.sync.plan import plan
from handoff.sync.values import same

READ_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXPECTED = {"hubspot_owner_id": "1001", "lifecyclestage": "lead", "read_at": READ_AT.isoformat()}


def record(history: list[dict[str, Any]] | None = None, **properties: str | None) -> dict[str, Any]:
    return {"id": "7", "properties": properties, "propertiesWithHistory": {"hubspot_owner_id": history or []}}


def version(value: str, timestamp: str, source: str = "CRM_UI", user: int | None = 42) -> dict[str, Any]:
    return {"value": value, "timestamp": timestamp, "sourceType": source, "updatedByUserId": user}


@pytest.mark.parametrize(
    ("present", "expected", "outcome"),
    [
        (None, "", "write"),
        (None, "1001", "write"),
        ("", "1001", "write"),
        ("1001", "1001", "write"),
        ("1002", "1001", "nothing"),
        ("1003", "1001", "drift"),
        ("1003", "", "drift"),
    ],
)
def test_an_owner_is_set_over_nothing_or_what_was_read(present: str | None, expected: str, outcome: str) -> None:
    found = plan({"hubspot_owner_id": "1002"}, record(hubspot_owner_id=present), {"hubspot_owner_id": expected})
    assert bool(found.write) == (outcome == "write")
    assert bool(found.drift) == (outcome == "drift")


@pytest.mark.parametrize(
    ("newest", "stays"),
    [
        (version("1001", "2026-11-22T12:00:01Z"), True),
        (version("1001", "2026-11-22T12:00:01Z", "MOBILE_IOS", None), True),
        (version("1001", "2026-11-22T12:00:01Z", "INTEGRATION", None), False),
        (version("1001", "2026-11-22T11:59:59Z"), False),
        (version("1001", "nonsense"), True),
    ],
)
def test_a_person_who_chose_what_was_there_chose_it(newest: dict[str, Any], stays: bool) -> None:
    before = version("1009", "2026-11-01T00:00:00Z")
    found = plan({"hubspot_owner_id": "1002"}, record([newest, before], hubspot_owner_id="1001"), EXPECTED)
    assert bool(found.drift) == stays


@pytest.mark.parametrize(
    ("newest", "stays"),
    [
        (version("UNQUALIFIED", "2026-11-22T11:50:00Z"), False),
        (version("UNQUALIFIED", "2026-11-22T11:50:01Z"), True),
        (version("UNQUALIFIED", "2026-11-22T11:50:01Z", "INTEGRATION", None), False),
        (version("UNQUALIFIED", "2026-11-22T12:00:01Z", "INTEGRATION", None), True),
    ],
)
def test_a_persons_change_since_the_contact_was_read_stays_whatever_else_was_read_since(
    newest: dict[str, Any], stays: bool
) -> None:
    expected = EXPECTED | {"contact_read_at": "2026-11-22T11:50:00+00:00"}
    found = record(hs_lead_status="UNQUALIFIED") | {"propertiesWithHistory": {"hs_lead_status": [newest]}}
    assert bool(plan({"hs_lead_status": "NEW"}, found, expected).drift) == stays


def test_what_a_merge_keeps_is_not_what_the_other_record_said_last() -> None:
    history = [version("OPEN", "2026-11-22T12:00:01Z"), version("UNQUALIFIED", "2026-11-01T00:00:00Z")]
    found = record(hs_lead_status="UNQUALIFIED") | {"propertiesWithHistory": {"hs_lead_status": history}}
    assert plan({"hs_lead_status": "NEW"}, found, EXPECTED).write == {"hs_lead_status": "NEW"}


def test_a_person_who_cleared_the_owner_meant_it() -> None:
    history = [version("", "2026-11-22T12:00:01Z")]
    found = plan({"hubspot_owner_id": "1002"}, record(history, hubspot_owner_id=""), EXPECTED)
    assert found.drift == {"hubspot_owner_id": {"wanted": "1002", "found": ""}}


@pytest.mark.parametrize(
    ("ours", "theirs", "restored"),
    [
        (version("1002", "2026-11-22T12:01:01Z", "INTEGRATION", None), version("1009", "2026-11-22T12:00:01Z"), "1009"),
        (version("1001", "2026-11-22T12:00:02Z", "INTEGRATION", None), version("1009", "2026-11-22T12:00:01Z"), "1009"),
        # Somebody changed their mind a while later, by whatever means.
        (version("1002", "2026-11-22T12:01:02Z", "INTEGRATION", None), version("1009", "2026-11-22T12:00:01Z"), None),
        (version("1002", "2026-11-22T12:00:02Z"), version("1009", "2026-11-22T12:00:01Z"), None),
        (
            version("1002", "2026-11-22T12:00:02Z", "AUTOMATION_PLATFORM", None),
            version("1009", "2026-11-22T12:00:01Z"),
            None,
        ),
        # What the decision knew, and what a person did not choose, is no conflict.
        (version("1002", "2026-11-22T12:00:02Z", "INTEGRATION", None), version("1009", "2026-11-22T12:00:00Z"), None),
        (
            version("1002", "2026-11-22T12:00:02Z", "INTEGRATION", None),
            version("1009", "2026-11-22T12:00:01Z", "INTEGRATION", None),
            None,
        ),
        (version("1002", "2026-11-22T12:00:02Z", "INTEGRATION", None), version("1002", "2026-11-22T12:00:01Z"), None),
        (version("1002", "2026-11-22T12:00:02Z", "INTEGRATION", None), version("1009", "nonsense"), None),
    ],
)
def test_what_our_write_covered_is_a_persons_choice_of_the_same_minute(
    ours: dict[str, Any], theirs: dict[str, Any], restored: str | None
) -> None:
    found = plan({"hubspot_owner_id": "1002"}, record([ours, theirs], hubspot_owner_id=ours["value"]), EXPECTED)
    assert found.restore == ({"hubspot_owner_id": restored} if restored else {})
    assert bool(found.drift) == bool(restored)
    assert found.write == {}


@pytest.mark.parametrize(
    ("present", "outcome"),
    [
        ("", "write"),
        ("lead", "write"),
        ("subscriber", "drift"),
        ("marketingqualifiedlead", "nothing"),
        ("salesqualifiedlead", "nothing"),
        ("customer", "nothing"),
        ("998877", "drift"),
    ],
)
def test_the_stage_only_moves_forward(present: str, outcome: str) -> None:
    found = plan({"lifecyclestage": "marketingqualifiedlead"}, record(lifecyclestage=present), EXPECTED)
    assert bool(found.write) == (outcome == "write")
    assert bool(found.drift) == (outcome == "drift")


def test_the_portals_own_stages_have_the_portals_order() -> None:
    stages = ["lead", "marketingqualifiedlead", "998877"]
    found = plan({"lifecyclestage": "marketingqualifiedlead"}, record(lifecyclestage="998877"), EXPECTED, stages)
    assert (found.write, found.drift) == ({}, {})


def test_what_is_ours_is_written_whatever_it_says() -> None:
    found = plan({"handoff_score": "84", "handoff_tier": "high"}, record(handoff_score="12", handoff_tier="high"), {})
    assert (found.write, found.drift) == ({"handoff_score": "84"}, {})


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("84", "84.0", True),
        ("84", "84.5", False),
        ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z", True),
        ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", True),
        ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00.001Z", False),
        ("2026-11-22T12:00:00", "2026-11-22T12:00:00.000", False),
        ("high", "High", False),
        ("NaN", "nan", False),
        ("", "0", False),
    ],
)
def test_values_are_compared_by_meaning(one: str, other: str, equal: bool) -> None:
    assert same(one, other) == equal
