"""HubSpot's webhook events as inbox events: one for each record that an event names.

Source: https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from handoff.extract import properties
from handoff.ledger.inbox import HUBSPOT, Event
from handoff.web.bodies import BadBody

MOST_EVENTS = 1000
MOST_RECORDS = 5000
"""Records that one request may name; a merge names all that were merged."""
UNREADABLE = "unreadable"
"""Object type of an event that names no record we could read again; it is kept to be looked at."""

_TYPES = {
    "0-1": "contact",
    "0-2": "company",
    "0-3": "deal",
    "0-5": "ticket",
    "0-18": "communication",
    "0-27": "task",
    "0-46": "note",
    "0-47": "meeting",
    "0-48": "call",
    "0-49": "email",
    "0-115": "user",
    "0-136": "lead",
}
# What a second delivery of one event, or another subscription to it, says differently. `eventId` is documented as not
# unique, so that it tells no events apart either.
_OF_DELIVERY = frozenset({"appId", "attemptNumber", "eventId", "subscriptionId"})
_READ = frozenset({*properties.CONTACT, *properties.COMPANY, *properties.DEAL})
_WRITTEN = frozenset(
    {"hubspot_owner_id", "hubspot_owner_assigneddate", "hs_lead_status", "lifecyclestage", "handoff_rejection_reason"}
)
"""Properties that we read, and that others write as well as we do."""
_COUNTED = frozenset({"num_notes", "notes_last_updated"})
"""What HubSpot counts of a contact's activities, our tasks among them; those of people have streams of their own."""


class OtherPortal(BadBody):
    """The events are another portal's: somebody else's records."""

    def __init__(self, portal_id: object) -> None:
        self.portal_id = str(portal_id)[:40]
        super().__init__(f"portalId {self.portal_id!r} is not this portal's")


def events(body: Any, portal_id: str) -> list[Event]:
    """One event per record that changed; odd fields are kept as they came.

    Args:
        portal_id: this portal; "" takes events of any.

    Raises:
        OtherPortal: an event is another portal's; none of the request's is taken.
        BadBody: not a list, too many events or records, not objects.
    """
    if not isinstance(body, list):
        raise BadBody("the body is not a list of events")
    if len(body) > MOST_EVENTS:
        raise BadBody(f"{len(body)} events in one request; at most {MOST_EVENTS} are taken")
    found: list[Event] = []
    for item in body:
        if not isinstance(item, dict):
            raise BadBody("an event is not an object")
        if portal_id and str(item.get("portalId")) != portal_id:
            raise OtherPortal(item.get("portalId"))
        records = dict.fromkeys(_records(item)) or {(UNREADABLE, ""): None}
        if len(found) + len(records) > MOST_RECORDS:
            raise BadBody(f"more than {MOST_RECORDS} records in one request")
        found.extend(_event(item, object_type, object_id) for object_type, object_id in records)
    return found


def _event(item: Mapping[str, Any], object_type: str, object_id: str) -> Event:
    said = {name: value for name, value in item.items() if name not in _OF_DELIVERY}
    key = json.dumps([said, object_type, object_id], sort_keys=True)
    return Event(
        source=HUBSPOT,
        event_key=sha256(key.encode()).hexdigest(),
        object_type=object_type,
        object_id=object_id,
        occurred_at=_moment(item.get("occurredAt")),
        payload=dict(item),
        is_echo=_is_echo(item),
    )


def _is_echo(item: Mapping[str, Any]) -> bool:
    """Whether an event tells of a value that our application wrote, or of what HubSpot makes of it by itself.

    What else we read is news also when it was written with our token: somebody may have no other application.
    """
    if not str(item.get("subscriptionType")).endswith(".propertyChange"):
        return False
    name, source, source_id = str(item.get("propertyName")), item.get("changeSource"), item.get("sourceId")
    if source == "INTEGRATION" and source_id and str(source_id) == str(item.get("appId")):
        return name in _WRITTEN or name not in _READ
    return source == "CALCULATED" and name in _COUNTED


def _records(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(object type, id) of every record that an event is about; a merge names old ones and the new one."""
    prefix = str(item.get("subscriptionType") or "").split(".", 1)[0]
    own = _TYPES.get(str(item.get("objectTypeId")), "unknown" if prefix in ("", "object") else prefix)
    merged = item.get("mergedObjectIds")
    others = merged if isinstance(merged, list) else []
    for value in (item.get("objectId"), item.get("newObjectId"), item.get("primaryObjectId"), *others):
        yield from _record(own, value)
    # CONTACT_TO_COMPANY; the generic events name the types by id besides.
    sides = str(item.get("associationType") or "").lower().partition("_to_")
    yield from _record(_TYPES.get(str(item.get("fromObjectTypeId")), sides[0] or own), item.get("fromObjectId"))
    yield from _record(_TYPES.get(str(item.get("toObjectTypeId")), sides[2] or "unknown"), item.get("toObjectId"))


def _record(object_type: str, value: Any) -> Iterator[tuple[str, str]]:
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    # An id beyond HubSpot's 64 bits would be refused together with every other that is read with it.
    if text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) < 2**63:
        yield object_type[:40], str(int(text))


def _moment(value: Any) -> datetime | None:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
    except (TypeError, ValueError, OverflowError):
        return None
