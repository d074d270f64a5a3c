"""HubSpot's webhook bodies: what is taken, what is refused, and which deliveries are one event."""

import json
from pathlib import Path
from typing import Any

import pytest

from handoff.web.bodies import BadBody
from handoff.web.hubspot import MOST_EVENTS, OtherPortal, events

EVENT: dict[str, Any] = {
    "eventId": 714285774,
    "subscriptionId": 4849549,
    "portalId": 50687303,
    "appId": 25681700,
    "occurredAt": 1765043528476,
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
    "objectId": 173595202426,
    "propertyName": "firstname",
    "propertyValue": "Briane",
    "changeSource": "CRM_UI",
}
PORTAL = "50687303"
# Kept beside the repository, where it is kept at all.
PUBLISHED = Path(__file__).parents[4] / "shared/data/hubspot/webhook_payloads.json"


def test_an_event_names_its_record() -> None:
    (event,) = events([EVENT], PORTAL)
    assert (event.object_type, event.object_id) == ("contact", "173595202426")
    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2025-12-06T17:52:08.476000+00:00"


def test_a_repeated_delivery_is_the_same_event_and_a_shared_event_id_is_not() -> None:
    (first,) = events([EVENT], PORTAL)
    (again,) = events([EVENT | {"attemptNumber": 3}], PORTAL)
    (other,) = events([EVENT | {"objectId": 5}], PORTAL)
    assert first.event_key == again.event_key != other.event_key


@pytest.mark.parametrize("event_id", [None, "abc", -1, 2**63, 1.5])
def test_the_event_id_does_not_matter(event_id: object) -> None:
    assert len(events([EVENT | {"eventId": event_id}], PORTAL)) == 1


@pytest.mark.parametrize("occurred_at", [None, "soon", 10**30, {}])
def test_a_strange_time_is_kept_as_unknown(occurred_at: object) -> None:
    (event,) = events([EVENT | {"occurredAt": occurred_at}], PORTAL)
    assert event.occurred_at is None
    assert event.payload["occurredAt"] == occurred_at


ECHO: dict[str, Any] = {"changeSource": "INTEGRATION", "sourceId": "25681700", "propertyName": "handoff_score"}


@pytest.mark.parametrize(
    ("item", "is_echo"),
    [
        ({}, True),
        ({"sourceId": 25681700, "propertyName": "hubspot_owner_id"}, True),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "propertyName": "lifecyclestage"}, True),
        ({"propertyName": "hs_v2_date_entered_marketingqualifiedlead"}, True),
        ({"propertyName": "hubspot_owner_assigneddate"}, True),
        ({"propertyName": "num_notes", "changeSource": "CALCULATED", "sourceId": None}, True),
        ({"propertyName": "notes_last_contacted", "changeSource": "CALCULATED", "sourceId": None}, False),
        ({"propertyName": "jobtitle"}, False),
        ({"sourceId": "1"}, False),
        ({"sourceId": None, "appId": None}, False),
        ({"changeSource": "CRM_UI"}, False),
        ({"subscriptionType": "contact.creation"}, False),
    ],
)
def test_what_we_wrote_ourselves_is_an_echo(item: dict[str, Any], is_echo: bool) -> None:
    assert [event.is_echo for event in events([EVENT | ECHO | item], PORTAL)] == [is_echo]


def hints(*items: dict[str, Any]) -> set[tuple[str, str]]:
    """(object type, id) of every record that the events name."""
    common = {"portalId": 50687303, "occurredAt": 1765043528476}
    return {(event.object_type, event.object_id) for event in events([common | item for item in items], PORTAL)}


MERGE = {"primaryObjectId": 1, "mergedObjectIds": [2, 3], "newObjectId": 4, "numberOfPropertiesMoved": 0}
LINK = {"fromObjectId": 10, "toObjectId": 20, "associationRemoved": False, "isPrimaryAssociation": True}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"subscriptionType": "contact.creation", "objectId": 1, "changeFlag": "NEW"}, {("contact", "1")}),
        ({"subscriptionType": "contact.deletion", "objectId": 1, "changeFlag": "DELETED"}, {("contact", "1")}),
        ({"subscriptionType": "contact.privacyDeletion", "objectId": 1}, {("contact", "1")}),
        ({"subscriptionType": "contact.restore", "objectId": 1}, {("contact", "1")}),
        ({"subscriptionType": "company.propertyChange", "objectId": 1}, {("company", "1")}),
        ({"subscriptionType": "deal.propertyChange", "objectId": 1}, {("deal", "1")}),
        ({"subscriptionType": "contact.merge", "objectId": 1, **MERGE}, {("contact", n) for n in "1234"}),
        ({"subscriptionType": "company.merge", "objectId": 1, **MERGE}, {("company", n) for n in "1234"}),
        ({"subscriptionType": "object.merge", "objectTypeId": "0-3", **MERGE}, {("deal", n) for n in "1234"}),
        ({"subscriptionType": "object.merge", "objectTypeId": "0-1", **MERGE}, {("contact", n) for n in "1234"}),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-48", "objectId": 1}, {("call", "1")}),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-2", "objectId": 1}, {("company", "1")}),
        ({"subscriptionType": "object.creation", "objectTypeId": "2-345", "objectId": 1}, {("unknown", "1")}),
        ({"subscriptionType": "object.creation", "objectId": 1}, {("unknown", "1")}),
        ({"objectId": 1}, {("unknown", "1")}),
        (
            {"subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_COMPANY", **LINK},
            {("contact", "10"), ("company", "20")},
        ),
        (
            {"subscriptionType": "company.associationChange", "associationType": "COMPANY_TO_CONTACT", **LINK},
            {("company", "10"), ("contact", "20")},
        ),
        (
            {"subscriptionType": "deal.associationChange", "associationType": "DEAL_TO_CONTACT", **LINK},
            {("deal", "10"), ("contact", "20")},
        ),
        (
            {
                "subscriptionType": "object.associationChange",
                "associationType": "ANYTHING",
                "fromObjectTypeId": "0-1",
                "toObjectTypeId": "0-3",
                **LINK,
            },
            {("contact", "10"), ("deal", "20")},
        ),
        (
            {"subscriptionType": "contact.associationChange", **LINK},
            {("contact", "10"), ("unknown", "20")},
        ),
        ({"subscriptionType": "conversation.creation", "objectId": 1}, {("conversation", "1")}),
    ],
    ids=lambda value: value.get("subscriptionType", "none") if isinstance(value, dict) else "",
)
def test_every_record_that_an_event_is_about_is_hinted_at(item: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert hints(item) == expected


@pytest.mark.parametrize("object_id", [None, "", "../../etc", True, 1.5, -1, 0, 2**63, 10**30, {}, [1], "٣", "9" * 20])
def test_an_event_without_a_record_is_kept_to_be_looked_at(object_id: object) -> None:
    (event,) = events([EVENT | {"objectId": object_id}], PORTAL)
    assert (event.object_type, event.object_id) == ("unreadable", "")
    assert event.payload["objectId"] == object_id


@pytest.mark.parametrize(("object_id", "expected"), [(2**63 - 1, "9223372036854775807"), ("007", "7"), (1, "1")])
def test_a_record_has_one_id_however_it_is_written(object_id: object, expected: str) -> None:
    (event,) = events([EVENT | {"objectId": object_id}], PORTAL)
    assert event.object_id == expected


def test_an_association_added_and_removed_at_once_is_two_events() -> None:
    link = EVENT | {"subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_COMPANY"} | LINK
    del link["objectId"]
    found = events([link, link | {"associationRemoved": True}, link | {"isPrimaryAssociation": False}], PORTAL)
    assert len({event.event_key for event in found}) == 6


def test_values_that_look_alike_when_joined_are_two_events() -> None:
    one, other = (
        EVENT | {"propertyName": "a|b", "propertyValue": "c"},
        EVENT
        | {
            "propertyName": "a",
            "propertyValue": "b|c",
        },
    )
    assert len({event.event_key for event in events([one, other], PORTAL)}) == 2


def test_too_many_records_are_refused() -> None:
    with pytest.raises(BadBody, match="5000 records"):
        events([EVENT | {"mergedObjectIds": list(range(1, 6000))}], PORTAL)


def test_published_payloads_are_taken() -> None:
    cases = json.loads(PUBLISHED.read_text())["cases"] if PUBLISHED.is_file() else []
    for payload in ([EVENT], *(case["payload"] for case in cases)):
        found = events(payload, str(payload[0]["portalId"]))
        assert [(each.object_type, each.object_id) for each in found] == [("contact", str(payload[0]["objectId"]))]


@pytest.mark.parametrize("body", [{}, None, "text", [1], [None], [[EVENT]]], ids=str)
def test_what_is_no_list_of_events_is_refused(body: object) -> None:
    with pytest.raises(BadBody):
        events(body, PORTAL)


@pytest.mark.parametrize("portal_id", [1, None, "50687303 ", [50687303], "1\n[CRITICAL] paid"])
def test_another_portal_is_refused_whole(portal_id: object) -> None:
    with pytest.raises(OtherPortal) as raised:
        events([EVENT, EVENT | {"portalId": portal_id}], PORTAL)
    assert "\n" not in str(raised.value)


def test_a_connection_without_a_portal_takes_any() -> None:
    assert len(events([EVENT | {"portalId": 1}], "")) == 1


def test_too_many_events_are_refused() -> None:
    assert len(events([EVENT] * MOST_EVENTS, PORTAL)) == MOST_EVENTS
    with pytest.raises(BadBody, match="1001"):
        events([EVENT] * (MOST_EVENTS + 1), PORTAL)
