"""HubSpot's webhook events as inbox events."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from handoff.ledger.inbox import Event

MOST_EVENTS = 1000


class BadBody(ValueError):
    """The body is not a list of events; the message says what is wrong with it."""


def events(body: Any, portal_id: str) -> list[Event]:
    """One event per change of a record; changes of other portals are refused, odd fields are kept as they came.

    `eventId` is documented as not unique, so that events are told apart by what they say.

    Raises:
        BadBody: not a list, too many events, not objects, or another portal's.
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
            raise BadBody(f"portalId {str(item.get('portalId'))[:40]!r} is not this portal's")
        found.extend(_event(item, object_id) for object_id in _object_ids(item))
    return found


def _event(item: Mapping[str, Any], object_id: str) -> Event:
    kind = str(item.get("subscriptionType") or "")
    parts = (item.get("portalId"), kind, object_id, item.get("propertyName"), item.get("occurredAt"))
    key = "|".join(str(part) for part in (*parts, item.get("propertyValue")))
    return Event(
        source="hubspot",
        event_key=sha256(key.encode("utf-8", "replace")).hexdigest(),
        object_type=kind.split(".", 1)[0] or "unknown",
        object_id=object_id,
        occurred_at=_moment(item.get("occurredAt")),
        payload=dict(item),
    )


def _object_ids(item: Mapping[str, Any]) -> list[str]:
    """The records an event is about: a merge names a new one besides."""
    named = (item.get("objectId"), item.get("newObjectId"), item.get("primaryObjectId"))
    ids = [str(each) for each in named if isinstance(each, (int, str)) and not isinstance(each, bool)]
    return list(dict.fromkeys(each for each in ids if each.isascii() and each.isdigit() and len(each) <= 20))


def _moment(value: Any) -> datetime | None:
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value))
    except (TypeError, ValueError, OverflowError):
        return None
