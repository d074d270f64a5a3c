"""Write-back to a CRM in which people work too."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from handoff import clock as present
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import NotFound, Rejected
from handoff.ledger.db import Connection, connect, only_one
from handoff.ledger.outbox import Effect, put
from handoff.sync.properties import GROUP, REASON, ensure_properties
from handoff.sync.writeback import write_back
from sandbox.testing import RunningSandbox, running_sandbox
from tests.unit.vendor import Vendor

REASONS = (("bad_fit", "Bad fit"), ("no_budget", "No budget"))
OURS = {"handoff_score": "84", "handoff_sla_status": "due", "handoff_mql_at": "2026-11-22T12:00:00.000Z"}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = present.now()

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(limits=False) as running:
        yield running


@pytest.fixture
def hubspot(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> HubSpotHook:
    sandbox.control("POST", "reset", {})
    sandbox.control("DELETE", "faults")
    sandbox.control("DELETE", "log")
    value = {"conn_type": "http", "host": sandbox.url, "password": "pat-na1-sandbox"}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps({"conn_type": "slack", "password": "x"}))
    return HubSpotHook(sleep=lambda seconds: None)


@pytest.fixture
def connection(database: Any) -> Iterator[Connection]:
    with connect() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def contact(sandbox: RunningSandbox, hubspot: HubSpotHook) -> str:
    return str(sandbox.act("contact", email="jo@acme.example", properties={"lifecyclestage": "lead"})["contactId"])


def target(contact_id: str, owner: str = "1001", expected_owner: str = "", **properties: str) -> dict[str, Any]:
    wanted = {"hubspot_owner_id": owner, "lifecyclestage": "marketingqualifiedlead", **OURS, **properties}
    read_at = present.now().isoformat()
    expected = {"hubspot_owner_id": expected_owner, "lifecyclestage": "lead", "read_at": read_at}
    return {"contact_id": contact_id, "properties": wanted, "expected": expected}


def add(connection: Connection, clock: Clock, payload: dict[str, Any], key: str = "1") -> None:
    put(connection, Effect(f"hubspot_contact:{key}", "hubspot_contact", payload, clock()))


def result(connection: Connection, key: str = "1") -> dict[str, Any]:
    row = connection.execute(
        "select state, result, last_error from handoff.outbox where dedupe_key = %s", (f"hubspot_contact:{key}",)
    ).fetchone()
    assert row is not None
    return row


def read(hubspot: HubSpotHook, contact_id: str) -> dict[str, str | None]:
    properties: dict[str, str | None] = hubspot.read(
        "contacts", contact_id, ["hubspot_owner_id", "lifecyclestage", "hs_lead_status", *OURS]
    )["properties"]
    return properties


def writes(sandbox: RunningSandbox) -> int:
    requests = sandbox.control("GET", "log?path=/objects/")["requests"]
    return sum(each["method"] == "PATCH" for each in requests)


def told(connection: Connection) -> list[str]:
    """What the review channel heard."""
    rows = connection.execute("select payload from handoff.outbox where kind = 'slack_review' order by outbox_id")
    return [row["payload"]["text"] for row in rows]


def counts(**some: int) -> dict[str, int]:
    return {"written": 0, "unchanged": 0, "drift": 0, "rejected_silently": 0, "dead": 0, "pending": 0, **some}


def test_a_contact_is_brought_to_its_target_once(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)
    now = read(hubspot, contact)
    assert (now["hubspot_owner_id"], now["lifecyclestage"]) == ("1001", "marketingqualifiedlead")
    assert {name: now[name] for name in OURS} == OURS
    add(connection, clock, target(contact), "again")
    assert write_back(connection, hubspot, REASONS, clock) == counts(unchanged=1)
    assert writes(sandbox) == 1


def test_a_persons_owner_stays_and_ours_is_written(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact))
    hubspot.patch("contacts", contact, {"hubspot_owner_id": "1003"})
    assert write_back(connection, hubspot, REASONS, clock) == counts(drift=1)
    assert read(hubspot, contact)["hubspot_owner_id"] == "1003"
    assert read(hubspot, contact)["handoff_score"] == "84"
    assert result(connection)["result"]["drift"] == {
        "hubspot_owner_id": {"wanted": "1001", "found": "1003", "source_type": "INTEGRATION"}
    }


def test_a_persons_later_change_stays(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    payload = target(contact, hs_lead_status="OPEN")
    sandbox.act("reject", contact_id=contact)
    add(connection, clock, payload)
    assert write_back(connection, hubspot, REASONS, clock) == counts(drift=1)
    assert read(hubspot, contact)["hs_lead_status"] == "UNQUALIFIED"


def test_a_stage_that_is_further_stays(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str
) -> None:
    hubspot.patch("contacts", contact, {"lifecyclestage": "opportunity"})
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)
    assert read(hubspot, contact)["lifecyclestage"] == "opportunity"


def test_a_later_effect_of_the_same_contact_overtakes(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact), "older")
    newer = {"contact_id": contact, "properties": {"handoff_sla_status": "breached"}, "expected": {}}
    add(connection, clock, newer, "newer")
    connection.execute(
        "update handoff.outbox set not_before = not_before + interval '1 minute' where dedupe_key like '%older'"
    )
    write_back(connection, hubspot, REASONS, clock)
    clock.pass_by(minutes=2)
    write_back(connection, hubspot, REASONS, clock)
    assert read(hubspot, contact)["handoff_sla_status"] == "breached"
    assert read(hubspot, contact)["handoff_score"] == "84"


def test_two_writes_to_one_contact_wait_for_each_other(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact))
    with connect() as other, only_one(other, f"hubspot_contact:{contact}"):
        assert write_back(connection, hubspot, REASONS, clock) == counts(pending=1)
        assert writes(sandbox) == 0
    clock.pass_by(seconds=1)
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)


def test_a_lost_answer_is_read_back(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    ensure_properties(hubspot, REASONS)
    sandbox.control("POST", "faults", {"kind": "drop_after", "method": "PATCH", "at": [1]})
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(pending=1)
    hubspot.patch("contacts", contact, {"hubspot_owner_id": "1003"})
    clock.pass_by(seconds=15)
    assert write_back(connection, hubspot, REASONS, clock) == counts(drift=1)
    assert read(hubspot, contact)["hubspot_owner_id"] == "1003"


def test_a_limit_on_the_write_is_not_waited_for_here(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    ensure_properties(hubspot, REASONS)
    sandbox.control("POST", "faults", {"kind": "rate_limit", "method": "PATCH", "at": [1]})
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(pending=1)
    clock.pass_by(seconds=10)
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({"contact_id": "999999999"}, "deleted"),
        ({"properties": {"hubspot_owner_id": "55555"}}, "HTTP 400"),
        ({"properties": None}, "unreadable payload"),
        ({"expected": {"read_at": "soon"}}, "unreadable payload"),
    ],
)
def test_what_can_never_work_is_given_up(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str, payload: dict[str, Any], says: str
) -> None:
    add(connection, clock, {**target(contact), **payload})
    assert write_back(connection, hubspot, REASONS, clock) == counts(dead=1)
    assert says in result(connection)["last_error"]
    told = connection.execute("select payload from handoff.outbox where kind = 'slack_review'").fetchone()
    assert told is not None
    assert "hubspot_contact for contact" in told["payload"]["text"]


def test_a_wrong_token_keeps_the_queue(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = {"conn_type": "http", "host": hubspot.credentials.host, "password": "wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))
    add(connection, clock, target(contact))
    assert write_back(connection, HubSpotHook(), REASONS, clock) == counts(pending=1)


def test_a_merged_contact_is_followed(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    other = sandbox.act("contact", email="jo2@acme.example")["contactId"]
    body = {"primaryObjectId": contact, "objectIdToMerge": other}
    merged = hubspot.client.post("/crm/objects/2026-09/contacts/merge", json=body).json()["id"]
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)
    assert result(connection)["result"]["contact_id"] == merged
    assert read(hubspot, merged)["handoff_score"] == "84"


class TestProperties:
    def test_are_made_once(self, hubspot: HubSpotHook) -> None:
        assert len(ensure_properties(hubspot, REASONS)) == 10
        assert ensure_properties(hubspot, REASONS) == []
        ours = [each for each in hubspot.properties("contacts") if each["groupName"] == GROUP]
        assert {each["name"]: each["type"] for each in ours}["handoff_mql_at"] == "datetime"
        assert len(ours) == 10

    def test_a_new_reason_is_added_and_none_is_taken_away(self, hubspot: HubSpotHook) -> None:
        ensure_properties(hubspot, REASONS)
        assert ensure_properties(hubspot, [("timing", "Bad timing")]) == [REASON]
        (made,) = [each for each in hubspot.properties("contacts") if each["name"] == REASON]
        assert [option["value"] for option in made["options"]] == ["bad_fit", "no_budget", "timing"]

    def test_without_reasons_their_property_waits(self, hubspot: HubSpotHook) -> None:
        assert REASON not in ensure_properties(hubspot)
        assert ensure_properties(hubspot, REASONS) == [REASON]

    def test_a_property_of_another_type_is_not_touched(self, hubspot: HubSpotHook) -> None:
        definition = {"name": "handoff_score", "label": "x", "type": "string", "fieldType": "text"}
        hubspot.create_property("contacts", {**definition, "groupName": "contactinformation"})
        with pytest.raises(Rejected, match="handoff_score is of type string, not number: rename or delete"):
            ensure_properties(hubspot)


def test_a_reason_that_came_into_the_agreement_later_is_offered_and_written(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)
    add(connection, clock, target(contact, **{REASON: "timing", "handoff_sla_status": "met"}), "rejected")
    assert write_back(connection, hubspot, [*REASONS, ("timing", "Bad timing")], clock) == counts(written=1)
    now = hubspot.read("contacts", contact, [REASON, "handoff_sla_status"])["properties"]
    assert (now[REASON], now["handoff_sla_status"]) == ("timing", "met")
    assert told(connection) == []


def test_a_value_of_ours_that_hubspot_does_not_offer_is_left_out_and_told(
    connection: Connection, hubspot: HubSpotHook, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact, handoff_first_contact_at="2026-11-22T12:00:00.000Z"))
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)
    emptied = {REASON: "timing", "handoff_sla_status": "met", "handoff_first_contact_at": ""}
    add(connection, clock, target(contact, **emptied), "rejected")
    assert write_back(connection, hubspot, REASONS, clock) == counts(rejected_silently=1)
    now = hubspot.read("contacts", contact, [*emptied])["properties"]
    assert (now[REASON], now["handoff_sla_status"], now["handoff_first_contact_at"]) == (None, "met", None)
    assert told(connection) == [
        f"Contact {contact} in HubSpot does not say what it should: handoff_rejection_reason = timing was not taken."
    ]


def test_where_no_property_may_be_changed_the_rest_is_written(
    connection: Connection, hubspot: HubSpotHook, sandbox: RunningSandbox, clock: Clock, contact: str
) -> None:
    add(connection, clock, target(contact))
    assert write_back(connection, hubspot, REASONS, clock) == counts(written=1)
    sandbox.control("POST", "faults", {"kind": "scope", "method": "PATCH", "path": "/properties/"})
    add(connection, clock, target(contact, **{REASON: "timing", "handoff_sla_status": "met"}), "rejected")
    later = [*REASONS, ("timing", "Bad timing")]
    assert write_back(connection, hubspot, later, clock) == counts(rejected_silently=1)
    assert read(hubspot, contact)["handoff_sla_status"] == "met"
    assert len(told(connection)) == 1


def test_a_contact_that_is_gone_is_said_to_be(hubspot: HubSpotHook) -> None:
    with pytest.raises(NotFound):
        hubspot.read("contacts", "999999999", ["email"])


def test_a_value_that_hubspot_accepts_and_ignores_is_named(
    connection: Connection, vendor: Vendor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps({"conn_type": "http", "host": vendor.url}))
    unmoved = {"id": "7", "properties": {"lifecyclestage": "lead", "handoff_score": "84"}}
    vendor.will({"id": "7", "properties": {"lifecyclestage": "lead", "handoff_score": None}}, unmoved, unmoved)
    wanted = {"lifecyclestage": "marketingqualifiedlead", "handoff_score": "84"}
    add(connection, clock, {"contact_id": "7", "properties": wanted, "expected": {"lifecyclestage": "lead"}})
    assert write_back(connection, HubSpotHook(), REASONS, clock) == counts(rejected_silently=1)
    assert result(connection)["result"]["rejected_silently"] == ["lifecyclestage"]
    assert [each.method for each in vendor.asked] == ["GET", "PATCH", "GET"]
