"""What may be written to a contact, given what it says now: a person's change always stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

OURS = "handoff_"
"""Prefix of the properties that nobody else writes."""
STAGE = "lifecyclestage"
STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
"""HubSpot's own order; it accepts a step backwards and ignores it."""
BY_HAND = ("CRM_UI", "CONTACTS_WEB", "MOBILE", "BULK", "IMPORT")
"""Beginnings of `sourceType` for changes that a person made."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """`write`: properties to set. `drift`: for each that stays, the value we wanted and the one found."""

    write: dict[str, str] = field(default_factory=dict)
    drift: dict[str, dict[str, str]] = field(default_factory=dict)


def plan(wanted: Mapping[str, str], found: Json, expected: Mapping[str, Any], stages: Sequence[str] = STAGES) -> Plan:
    """Compare a target with the record.

    A property of others is written only while it is empty or says what the decision read, and only if no person has
    set it since; the stage only moves forward.

    Args:
        found: the record, with the history of the properties that are not ours.
        expected: what the decision read, by property, and `read_at`, the ISO instant it was read.
        stages: the portal's lifecycle stages, in order.
    """
    result = Plan()
    read_at = datetime.fromisoformat(expected["read_at"]) if expected.get("read_at") else None
    for name, value in wanted.items():
        present = str(found["properties"].get(name) or "")
        if same(present, value) or (name == STAGE and _is_past(present, value, stages)):
            continue
        is_as_read = present in ("", str(expected.get(name) or ""))
        if name.startswith(OURS) or (is_as_read and not _set_by_hand(found, name, read_at)):
            result.write[name] = value
        else:
            result.drift[name] = {"wanted": value, "found": present}
    return result


def same(one: str, other: str) -> bool:
    """Whether two property values are equal as texts, numbers or instants: HubSpot answers `42` for `42.0`."""
    return one == other or any(read(one) is not None and read(one) == read(other) for read in (_number, _instant))


def _is_past(present: str, value: str, stages: Sequence[str]) -> bool:
    return present in stages and value in stages and stages.index(present) > stages.index(value)


def _set_by_hand(found: Json, name: str, since: datetime | None) -> bool:
    versions = (found.get("propertiesWithHistory") or {}).get(name) or ()
    newest = next(iter(versions), None)
    if newest is None or since is None:
        return False
    at = _instant(str(newest.get("timestamp")))
    by_hand = newest.get("updatedByUserId") is not None or str(newest.get("sourceType")).startswith(BY_HAND)
    return by_hand and (at is None or at > since)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
