"""Records that go and come back: archived, restored, merged, erased, as a person in the CRM does it."""

from typing import Any

from sandbox.company import cast
from sandbox.hubspot import merging, records
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.types import CONTACT, label, resolve
from sandbox.store import Record
from sandbox.world import World

Given = dict[str, Any]


def archive(world: World, given: Given, at: int) -> Record:
    """Into the recycle bin."""
    record = _live(world, given)
    records.archive(world, record)
    return record


def restore(world: World, given: Given, at: int) -> Record:
    """Out of the recycle bin again."""
    kind = _kind(given)
    record = _by_id(world, kind, given.get("id") or given.get("contact_id"))
    if record is None or record.archived_at is None:
        raise Refused(404, f"no such {label(kind).lower()} in the recycle bin")
    return records.restore(world, record)


def merge(world: World, given: Given, at: int) -> Record:
    """Two records become one with a new id; the one with `other_id` goes into the other."""
    primary = _live(world, given)
    other = _by_id(world, primary.type, given.get("other_id"))
    if other is None or other.archived_at is not None or other.id == primary.id:
        raise Refused(404, f"other_id must name another live {label(primary.type).lower()}")
    return merging.merge(world, primary, other)


def erase(world: World, given: Given, at: int) -> Record:
    """A contact deleted for privacy: for good."""
    record = _live(world, given)
    if record.type != CONTACT:
        raise Refused(400, "only contacts can be deleted for privacy")
    merging.erase(world, record)
    return record


def _kind(given: Given) -> str:
    return resolve(str(given.get("object") or "contacts"))


def _by_id(world: World, kind: str, given: object) -> Record | None:
    text = str(given or "")
    return world.store.get(kind, int(text)) if text.isdecimal() else None


def _live(world: World, given: Given) -> Record:
    kind = _kind(given)
    record = _by_id(world, kind, given["id"]) if given.get("id") else None
    if record is None and kind == CONTACT:
        record = cast.named(world, given)
    if record is None or record.archived_at is not None:
        raise Refused(404, f"name a live {label(kind).lower()} by its id")
    return record
