"""HubSpot's webhook bodies: what is taken, what is refused, and which deliveries are one event."""

from typing import Any

import pytest

from handoff.web.hubspot import MOST_EVENTS, BadBody, events

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


def test_a_merge_hints_at_the_new_record_too() -> None:
    merge = {"portalId": 50687303, "subscriptionType": "contact.merge", "primaryObjectId": 1, "newObjectId": 3}
    assert [event.object_id for event in events([merge], PORTAL)] == ["3", "1"]


def test_an_event_without_a_record_is_no_event() -> None:
    assert events([EVENT | {"objectId": "../../etc"}], PORTAL) == []
    assert events([], PORTAL) == []


@pytest.mark.parametrize("body", [{}, None, "text", [1], [None], [[EVENT]]], ids=str)
def test_what_is_no_list_of_events_is_refused(body: object) -> None:
    with pytest.raises(BadBody):
        events(body, PORTAL)


def test_another_portal_is_refused() -> None:
    with pytest.raises(BadBody, match="portal"):
        events([EVENT | {"portalId": 1}], PORTAL)


def test_too_many_events_are_refused() -> None:
    assert len(events([EVENT] * MOST_EVENTS, PORTAL)) == MOST_EVENTS
    with pytest.raises(BadBody, match="1001"):
        events([EVENT] * (MOST_EVENTS + 1), PORTAL)
