"""Vendor answers into records that can be landed, or into quarantine with the field, the reason and the remedy."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.ledger.landing import Record, Unreadable
from handoff.ledger.quarantine import REMEDY

# Instants outside a century around the web are typing errors or placeholders ("0001-01-01", "9999-12-31").
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
KEY = "handoffKey"
"""Field under which a list's member keeps the key that we gave it."""


class Unparseable(ValueError):
    """A value that is not what its field promises."""


def instant(value: Any) -> datetime:
    """An instant from ISO 8601 with an offset, or from epoch milliseconds.

    Raises:
        Unparseable: not a time, without an offset, or outside the years 1995 to 2100.
    """
    if isinstance(value, bool) or value is None or value == "":
        raise Unparseable(f"{value!r} is not a time")
    text = str(value).strip()
    try:
        if text.isascii() and text.isdigit():
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise Unparseable(f"{text[:40]!r} is not a time") from error
    if moment.tzinfo is None:
        raise Unparseable(f"{text[:40]!r} has no time zone")
    if not EARLIEST <= moment <= LATEST:
        raise Unparseable(f"{text[:40]!r} is not between 1995 and 2100")
    return moment.astimezone(UTC)


def identity(value: Any) -> str:
    """A CRM record id: 1 to 20 digits, kept as text because it may exceed what a float holds.

    Raises:
        Unparseable: anything else.
    """
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > 20:
        raise Unparseable(f"{text[:40]!r} is not a record id")
    return text


def crm_object(
    answer: Mapping[str, Any], associated: str | None = None, associated_ids: Sequence[str] = ()
) -> Record | Unreadable:
    """A HubSpot object, with the ids of its associated records embedded as HubSpot's own read does."""
    payload = dict(answer)
    if associated:
        payload["associations"] = {associated: {"results": [{"id": each} for each in associated_ids]}}
    return _record(payload, id_field="id", time_field="updatedAt")


def owner(answer: Mapping[str, Any]) -> Record | Unreadable:
    """A HubSpot owner."""
    return _record(dict(answer), id_field="id", time_field="updatedAt")


def listed(answer: Mapping[str, Any], key: str) -> Record | Unreadable:
    """A member of a list that is read whole: a pipeline, form, campaign or property, under a key of any text."""
    return _record({**answer, KEY: key}, id_field=KEY, time_field="updatedAt", numeric_id=False)


def tombstone(
    record_id: str, known_at: datetime, properties: Mapping[str, Any], merged_into: str | None = None
) -> Record:
    """The last version of a record that no longer exists, without anything personal.

    Args:
        known_at: stamp of the newest version that is known: the tombstone is newer than it and older than whatever the
            record may say if it comes back.
        properties: what the staging views need to place it.
    """
    payload: dict[str, Any] = {"id": record_id, "archived": True, "properties": dict(properties)}
    fate: dict[str, Any] = {"mergedInto": merged_into} if merged_into else {"isErased": True}
    return Record(record_id, known_at + timedelta(milliseconds=1), payload | fate)


def merged_ids(record: Record) -> list[str]:
    """Ids of the records that were merged into this one."""
    text = str((record.payload.get("properties") or {}).get("hs_merged_object_ids") or "")
    return [each for each in text.split(";") if each.isascii() and each.isdigit() and each != record.id]


def event(answer: Mapping[str, Any]) -> Record | Unreadable:
    """A behavioural event of a contact; its id is any text."""
    return _record(dict(answer), id_field="id", time_field="occurredAt", numeric_id=False)


def form_submission(answer: Mapping[str, Any], form_id: str, form_name: str) -> Record | Unreadable:
    """A form submission, with the form it belongs to; HubSpot's answer names neither form nor contact."""
    payload = {**answer, "formId": form_id, "formName": form_name}
    if not payload.get("conversionId"):
        values = json.dumps(payload.get("values"), sort_keys=True)
        payload["conversionId"] = f"{form_id}:{payload.get('submittedAt')}:{hash_text(values)}"
    return _record(payload, id_field="conversionId", time_field="submittedAt", numeric_id=False)


def hash_text(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    from hashlib import sha256

    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _record(payload: dict[str, Any], *, id_field: str, time_field: str, numeric_id: bool = True) -> Record | Unreadable:
    record_id = payload.get(id_field)
    try:
        if numeric_id:
            key = identity(record_id)
        elif isinstance(record_id, str) and 0 < len(record_id) <= 200:
            key = record_id
        else:
            return _unreadable(payload, None, id_field, f"{str(record_id)[:40]!r} is not a record id")
    except Unparseable as error:
        return _unreadable(payload, None, id_field, str(error))
    try:
        return Record(key, instant(payload.get(time_field)), payload)
    except Unparseable as error:
        return _unreadable(payload, key, time_field, str(error))


def _unreadable(payload: dict[str, Any], key: str | None, field: str, reason: str) -> Unreadable:
    return Unreadable(
        id=key,
        field=field,
        reason=reason,
        remedy=REMEDY,
        payload=json.dumps(payload),
    )
