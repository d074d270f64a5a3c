"""What may be written to a contact, given what it says now and said before: a person's change always stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handoff.sync.values import instant, same

OURS = "handoff_"
"""Prefix of the properties that are ours."""
SHARED = "handoff_rejection_reason"
"""The one of them that people write as well."""
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
RACE = timedelta(minutes=1)
"""From our reading to our writing at the longest: the wait for a place within HubSpot's limits, and a time-out."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """`write`: properties to set. `drift`: for each that stays, the value we `wanted` and the one `found` that is to
    stay; also HubSpot's `source_type` of it, where the newest version says that no person set it.
    `restore`: what a person had chosen just before a write of ours covered it; to be set again."""

    write: dict[str, str] = field(default_factory=dict)
    drift: dict[str, dict[str, str]] = field(default_factory=dict)
    restore: dict[str, str] = field(default_factory=dict)


def plan(
    wanted: Mapping[str, str],
    found: Json,
    expected: Mapping[str, Any],
    stages: Sequence[str] = STAGES,
    earlier: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Plan:
    """Compare a target with the record.

    A property of others is written only while it is empty, says what the decision read, or has not been changed since
    the decision read it, and only if no person has set it since; the stage only moves forward.

    Args:
        found: the record, with the history of the properties that are not ours.
        expected: what the decision read, by property, and `read_at`, the ISO instant it was read. A property that it
            does not name is taken to have been read as it was at that instant; or, by what a person changed, at
            `contact_read_at`, where that is given.
        stages: the portal's lifecycle stages, in order.
        earlier: by property, the same as `expected` of targets that this one took for written and that were not; what
            one of them read may be replaced as well.
    """
    result = Plan()
    read_at = _read_at(expected)
    for name, value in wanted.items():
        present = str(found["properties"].get(name) or "")
        read = _read(expected, name)
        versions = (found.get("propertiesWithHistory") or {}).get(name) or ()
        held = _held(versions, present)
        # A stage that a person moved on, HubSpot keeps by itself.
        chosen = None if name == STAGE or is_ours(name) else covered(versions, (value, read), read_at)
        if chosen is not None:
            result.restore[name] = chosen
            result.drift[name] = {"wanted": value, "found": chosen}
        elif same(present, value) or (name == STAGE and _is_past(present, value, stages)):
            continue
        elif is_ours(name) or any(
            _is_as_read(held, present, _read(each, name), _read_at(each, held))
            for each in (expected, *(earlier or {}).get(name, ()))
        ):
            result.write[name] = value
        else:
            result.drift[name] = {"wanted": value, "found": present} | _source(held)
    return result


def is_ours(name: str) -> bool:
    """Whether nobody else writes a property."""
    return name.startswith(OURS) and name != SHARED


def covered(versions: Sequence[Json], ours: Sequence[str | None], since: datetime | None) -> str | None:
    """What a person chose after `since` and a write of ours covered at once; None if that is not what happened.

    HubSpot knows no conditional write: a person may write between our reading and our writing. Another application
    that puts one of the same values over a person's choice within that time is taken for us.

    Args:
        versions: of one property, the newest first.
        ours: the values that we may have written.
    """
    if len(versions) < 2 or since is None:
        return None
    (value, at), (chosen, chosen_at) = [(str(each.get("value") or ""), _at(each)) for each in versions[:2]]
    is_ours = _is_by_app(versions[0]) and any(same(value, each) for each in ours if each is not None)
    if not is_ours or not _is_by_hand(versions[1]) or same(value, chosen) or at is None or chosen_at is None:
        return None
    return chosen if chosen_at > since and at - chosen_at <= RACE else None


def chosen_at(versions: Sequence[Json]) -> datetime | None:
    """When a person chose the present value of a property; None when nobody did.

    Args:
        versions: of the property, the newest first.
    """
    return _at(versions[0]) if versions and _is_by_hand(versions[0]) else None


def _held(versions: Sequence[Json], present: str) -> Sequence[Json]:
    """From the version on that holds the present value: a merge keeps one record's value, and the histories of both."""
    places = (place for place, each in enumerate(versions) if same(str(each.get("value") or ""), present))
    return versions[next(places, 0) :]


def _source(versions: Sequence[Json]) -> dict[str, str]:
    if not versions or _is_by_hand(versions[0]) or not versions[0].get("sourceType"):
        return {}
    return {"source_type": str(versions[0]["sourceType"])}


def _read(expected: Mapping[str, Any], name: str) -> str | None:
    return str(expected[name] or "") if name in expected else None


def _read_at(expected: Mapping[str, Any], versions: Sequence[Json] = ()) -> datetime | None:
    is_by_hand = bool(versions) and _is_by_hand(versions[0])
    at = (is_by_hand and expected.get("contact_read_at")) or expected.get("read_at")
    return datetime.fromisoformat(at) if at else None


def _is_as_read(versions: Sequence[Json], present: str, read: str | None, read_at: datetime | None) -> bool:
    at = _at(versions[0]) if versions else None
    if versions and read_at is not None and (at is None or at > read_at):
        return present in ("", read) and not _is_by_hand(versions[0])
    return present in ("", read) or (read is None and at is not None and read_at is not None)


def _is_past(present: str, value: str, stages: Sequence[str]) -> bool:
    return present in stages and value in stages and stages.index(present) > stages.index(value)


def _is_by_hand(version: Json) -> bool:
    return version.get("updatedByUserId") is not None or str(version.get("sourceType")).startswith(BY_HAND)


def _is_by_app(version: Json) -> bool:
    return version.get("sourceType") == "INTEGRATION" and not _is_by_hand(version)


def _at(version: Json) -> datetime | None:
    return instant(str(version.get("timestamp")))
