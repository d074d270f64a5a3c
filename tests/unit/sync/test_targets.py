"""What the CRM's contact is to say of a handoff, word for word."""

import csv
from datetime import timedelta

import pytest

from handoff.settings import settings
from handoff.sync.plan import STAGE
from handoff.sync.targets import (
    LONGEST_TEXT,
    NEW,
    STATUS,
    UNQUALIFIED,
    WORKED,
    contact_target,
    kept_target,
    rejected_target,
)
from tests.unit.notify.contexts import NOW, make

MINUTE = timedelta(minutes=1)
CONTEXT = make()
WHY = {
    "handoff_score": "84",
    "handoff_score_parts": "+40 Asked for a demo; +44 Senior",
    "handoff_trigger": "Submitted the form Request a demo",
    "handoff_definition": "platform 2026-11",
    "handoff_tier": "hand_raiser",
    "handoff_mql_at": "2026-11-20T18:59:30.000Z",
    "handoff_sla_due_at": "2026-11-20T19:04:30.000Z",
}


def test_the_values_that_are_missed_when_hubspot_drops_them_are_those_that_are_written() -> None:
    seed = settings().dbt_project / "seeds" / "reference" / "crm_written_values.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        watched = {(row["property_id"], row["value"]) for row in csv.DictReader(file)}
    new = contact_target(CONTEXT, NOW, NOW, "1001", expected_owner_id=None, read_at=NOW)["properties"]
    written = {(STATUS, value) for value in (NEW, WORKED, UNQUALIFIED)} | {(STAGE, new[STAGE])}
    assert watched == {(f"contacts.{name}", value) for name, value in written}


def test_a_new_handoff() -> None:
    read_at = NOW - MINUTE
    target = contact_target(CONTEXT, NOW, NOW + 5 * MINUTE, "1001", expected_owner_id="1002", read_at=read_at)
    assert target == {
        "contact_id": "123",
        "properties": WHY
        | {
            "hubspot_owner_id": "1001",
            "lifecyclestage": "marketingqualifiedlead",
            "hs_lead_status": "NEW",
            "handoff_sla_status": "due",
            "handoff_first_contact_at": "",
            "handoff_rejection_reason": "",
        },
        "expected": {"hubspot_owner_id": "1002", "lifecyclestage": "", "read_at": "2026-11-20T18:58:30+00:00"},
    }
    # Texts are cut to what a person reads.
    long = make(trigger=type(CONTEXT.trigger)("form_submitted", "x" * 3000, NOW))
    said = contact_target(long, NOW, NOW, "1001", expected_owner_id=None, read_at=NOW)
    assert len(said["properties"]["handoff_trigger"]) == LONGEST_TEXT
    assert said["expected"]["hubspot_owner_id"] == ""
    # What sales has just said of another handoff, nobody else has heard yet.
    names = target["properties"].keys() - {"hs_lead_status", "handoff_rejection_reason"}
    asked = (CONTEXT, NOW, NOW, "1001")
    kept = contact_target(*asked, expected_owner_id="", read_at=NOW, contact_read_at=read_at, is_answered=True)
    assert kept["properties"].keys() == names
    assert kept["expected"]["contact_read_at"] == "2026-11-20T18:58:30+00:00"


def test_what_stays_of_two_that_were_merged() -> None:
    given = ("3", CONTEXT, NOW, NOW + 5 * MINUTE, "1001")
    read = {"hubspot_owner_id": "1002", "handoff_rejection_reason": "bad_fit", "read_at": "2026-11-20T18:58:30+00:00"}
    rejected, worked = read | {"hs_lead_status": "UNQUALIFIED"}, read | {"hs_lead_status": "OPEN"}
    due = {
        "hubspot_owner_id": "1001",
        "handoff_sla_status": "breached",
        "handoff_first_contact_at": "",
        "handoff_rejection_reason": "",
    }
    met = due | {
        "handoff_sla_status": "met",
        "handoff_first_contact_at": "2026-11-20T19:00:30.000Z",
        "hs_lead_status": "IN_PROGRESS",
    }
    assert kept_target(*given, "breached", None, expected=rejected) == {
        "contact_id": "3",
        "properties": WHY | due | {"hs_lead_status": "NEW"},
        "expected": rejected,
    }
    # A status that is no answer to another handoff stays.
    assert kept_target(*given, "breached", None, expected=worked)["properties"] == WHY | due
    assert kept_target(*given, "met", NOW + MINUTE, expected=rejected) == {
        "contact_id": "3",
        "properties": WHY | met,
        "expected": rejected,
    }
    assert kept_target(*given, "met", NOW + MINUTE, expected=worked)["expected"] == worked | {"hs_lead_status": "NEW"}


@pytest.mark.parametrize(("after_s", "status"), [(0, "met"), (1, "breached")])
def test_a_rejection_stops_the_clock_and_says_whether_in_time(after_s: int, status: str) -> None:
    assert rejected_target("3", "no_interest", NOW + timedelta(seconds=after_s), NOW) == {
        "contact_id": "3",
        "properties": {
            "handoff_rejection_reason": "no_interest",
            "hs_lead_status": "UNQUALIFIED",
            "handoff_sla_status": status,
        },
        "expected": {"read_at": (NOW + timedelta(seconds=after_s)).isoformat()},
    }
