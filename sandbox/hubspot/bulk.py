"""One property set on tens of thousands of records at one and the same moment, as HubSpot's own batches do."""

import json
from dataclasses import replace
from typing import Any

from sandbox import clock
from sandbox.hubspot import records
from sandbox.hubspot.effects import backward, derived
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.records import Source
from sandbox.hubspot.types import created_name, modified_name, resolve
from sandbox.hubspot.validation import clean
from sandbox.store import Record, Row
from sandbox.world import World

BATCH = Source("BATCH_UPDATE")


def change(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Set `property` of `object` to `value` on `ids`, or on the `count` oldest live records.

    Read-only properties may be set, since HubSpot itself does it. All get the modification stamp `at` (an instant;
    default: now), also those whose value does not change. No webhook goes out unless `webhooks` is true.

    Raises:
        Refused: 400, the property does not exist, is each record's own, or does not take the value; or `at` is none.
    """
    kind, name = resolve(str(given.get("object") or "contacts")), str(given.get("property", ""))
    definition = world.catalogue.of(kind).get(name)
    own = ("email", "hs_object_id", created_name(kind), modified_name(kind))
    if definition is None or definition.unique or name in own:
        raise Refused(400, f"property {name!r} does not exist on {kind}, or may not be the same on many records")
    value = clean({name: replace(definition, read_only=False)}, {name: given.get("value")}, world.staff.live_ids)[name]
    at = _instant(given.get("at"))
    rows: list[Row] = []
    stamped, changed = _records(world, kind, given), []
    for record in stamped:
        world.index.superseded(kind, record.id)
        before = record.properties
        if before.get(name, "") != value and not (name == "lifecyclestage" and backward(before.get(name), value)):
            changes = {name: value} | derived(record, {name: value}, at)
            rows += records.versions(world, record, changes, BATCH, at)
            record.properties = {n: v for n, v in (before | changes).items() if v != ""}
            changed.append(record)
    world.store.many(
        "UPDATE objects SET modified=?, properties=? WHERE type=? AND id=?",
        ((at, json.dumps(r.properties, ensure_ascii=False), kind, r.id) for r in stamped),
    )
    world.store.many("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    if given.get("webhooks") and kind in records.WATCHED:
        for record in changed:
            world.webhooks.changed(kind, record.id, name, value, at, BATCH.type, BATCH.id)
    return {"stamped": len(stamped), "changed": len(changed), "at": clock.iso(at), "atMs": at}


def _instant(given: object) -> int:
    try:
        return clock.parse(str(given)) if given else clock.now()
    except ValueError as error:
        raise Refused(400, f"at must be an instant, got {given!r}") from error


def _records(world: World, kind: str, given: dict[str, Any]) -> list[Record]:
    if given.get("ids"):
        ids = [int(str(i)) for i in given["ids"] if str(i).isdecimal()]
    else:
        sql = "SELECT id FROM objects WHERE type=? AND archived=0 ORDER BY id LIMIT ?"
        ids = [row[0] for row in world.store.rows(sql, kind, int(given.get("count") or 0))]
    return [record for record in world.store.read(kind, ids) if record.archived_at is None]
