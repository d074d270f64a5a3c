"""Merging two records into a new one, and erasing a contact."""

from sandbox import clock
from sandbox.hubspot import privacy, records
from sandbox.hubspot.types import CONTACT, FIRST_IDS
from sandbox.store import Record
from sandbox.world import World


def merge(world: World, primary: Record, other: Record) -> Record:
    """A new id takes over: the primary's values win, engagements and histories move, both old ids lead to it."""
    store, kind, at = world.store, primary.type, clock.now()
    new = store.next_id(kind, FIRST_IDS[kind])
    properties = other.properties | primary.properties
    old = [primary.id, other.id]
    earlier = [part for r in (primary, other) for part in r.properties.get("hs_merged_object_ids", "").split(";")]
    properties["hs_merged_object_ids"] = ";".join(dict.fromkeys([*filter(None, earlier), *map(str, old)]))
    if kind == CONTACT:
        emails = [r.properties.get(name, "") for r in (primary, other) for name in ("email", "hs_additional_emails")]
        extra = dict.fromkeys(part for text in emails for part in text.split(";") if part)
        extra.pop(properties.get("email", ""), None)
        if extra:
            properties["hs_additional_emails"] = ";".join(extra)
    merged = Record(kind, new, min(primary.created, other.created), at, properties)
    world.index.superseded(kind, new)
    for gone in old:
        world.index.superseded(kind, gone)
        store.run("DELETE FROM objects WHERE type=? AND id=?", kind, gone)
        store.run("DELETE FROM keys WHERE type=? AND id=?", kind, gone)
        store.run("UPDATE history SET id=? WHERE type=? AND id=?", new, kind, gone)
        store.run("UPDATE OR IGNORE associations SET from_id=? WHERE from_type=? AND from_id=?", new, kind, gone)
        store.run("UPDATE OR IGNORE associations SET to_id=? WHERE to_type=? AND to_id=?", new, kind, gone)
        _forget_associations(world, kind, gone)
        store.run("UPDATE aliases SET new=? WHERE type=? AND new=?", new, kind, gone)
        store.run("INSERT INTO aliases VALUES (?, ?, ?)", kind, gone, new)
        if kind == CONTACT:
            store.run("UPDATE events SET object_id=? WHERE object_id=?", new, gone)
            store.run("UPDATE submissions SET contact=? WHERE contact=?", new, gone)
    store.put(merged)
    for key in records.keys_of(world, merged):
        store.run("INSERT INTO keys VALUES (?, ?, ?)", kind, key, new)
    if kind in records.WATCHED:
        world.webhooks.merged(kind, old, new, at)
    return merged


def erase(world: World, record: Record) -> None:
    """No trace stays, not even in the archive, and no application may create a contact with the e-mails again."""
    store, at = world.store, clock.now()
    for name in ("email", "hs_additional_emails"):
        for email in filter(None, record.properties.get(name, "").split(";")):
            privacy.block(store, email)
    world.index.superseded(record.type, record.id)
    for table in ("objects", "keys", "history"):
        store.run(f"DELETE FROM {table} WHERE type=? AND id=?", record.type, record.id)
    _forget_associations(world, record.type, record.id)
    store.run("DELETE FROM aliases WHERE type=? AND new=?", record.type, record.id)
    store.run("DELETE FROM events WHERE object_id=?", record.id)
    store.run("DELETE FROM submissions WHERE contact=?", record.id)
    world.webhooks.erased(record.id, at)


def _forget_associations(world: World, kind: str, record_id: int) -> None:
    world.store.run("DELETE FROM associations WHERE from_type=? AND from_id=?", kind, record_id)
    world.store.run("DELETE FROM associations WHERE to_type=? AND to_id=?", kind, record_id)
