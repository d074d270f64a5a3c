"""Creating, changing and removing records, with the effects that HubSpot adds by itself."""

from dataclasses import dataclass

from sandbox import clock
from sandbox.hubspot import privacy
from sandbox.hubspot.effects import backward, derived
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.types import COMPANY, CONTACT, DEAL, ENGAGEMENTS, FIRST_IDS
from sandbox.hubspot.validation import clean
from sandbox.settings import APP_ID
from sandbox.store import Record, Row
from sandbox.world import World

WATCHED = (CONTACT, COMPANY, DEAL)
"""Object types that send webhooks."""
UNHISTORIED = ("hs_analytics_num_page_views", "hs_analytics_last_url", "hs_analytics_last_timestamp")


@dataclass(frozen=True)
class Source:
    """Who changed a value: history's `sourceType` and `sourceId`, webhooks' `changeSource`."""

    type: str
    id: str | None = None


API = Source("INTEGRATION", str(APP_ID))
ANALYTICS = Source("ANALYTICS", "WEB")
EMAIL = Source("EMAIL")
SYSTEM = Source("CALCULATED")


def check(world: World, kind: str, properties: object) -> dict[str, str]:
    """Validate a client's values; see `sandbox.hubspot.validation.clean`."""
    return clean(world.catalogue.of(kind), properties, world.staff.live_ids)


def create(world: World, kind: str, values: dict[str, str], source: Source = API, at: int | None = None) -> Record:
    """Create a record from values that have been checked.

    Raises:
        Refused: 409 when the e-mail is another contact's; 400 when an activity has no `hs_timestamp`, or when the
            e-mail was deleted for privacy and an application wants it back.
    """
    at = at if at is not None else clock.now()
    values = {name: value for name, value in values.items() if value != ""}
    if kind in ENGAGEMENTS and "hs_timestamp" not in values:
        raise Refused(400, "hs_timestamp is required: some required properties were not set.")
    _unique(world, kind, values, None)
    if kind == CONTACT and source == API and privacy.blocked(world.store, values.get("email", "")):
        raise Refused(400, "This email address was deleted for privacy and cannot be added again", "VALIDATION_ERROR")
    record = Record(kind, world.store.next_id(kind, FIRST_IDS[kind]), at, at)
    if kind == CONTACT and "lifecyclestage" not in values:
        values["lifecyclestage"] = "lead"
    record.properties = {"hs_object_source": source.type} | ({"hs_object_source_id": source.id} if source.id else {})
    record.properties |= values | derived(record, values, at)
    world.index.superseded(kind, record.id)
    world.store.put(record)
    _index(world, record, {})
    if kind in WATCHED:
        world.webhooks.created(kind, record.id, at, source.type, source.id)
        for name, value in values.items():
            world.webhooks.changed(kind, record.id, name, value, at, source.type, source.id)
    return record


def update(world: World, record: Record, values: dict[str, str], source: Source = API, at: int | None = None) -> Record:
    """Change a record. A lifecycle stage that would move back stays as it is, without an error.

    Raises:
        Refused: 409 when the e-mail is another contact's.
    """
    at = max(at if at is not None else clock.now(), record.modified)
    _unique(world, record.type, values, record.id)
    before = record.properties
    kept = {n: v for n, v in values.items() if not (n == "lifecyclestage" and backward(before.get(n), v))}
    changed = {name: value for name, value in kept.items() if before.get(name, "") != value}
    changed |= derived(record, changed, at)
    rows = versions(world, record, changed, source, at)
    if rows:
        world.store.many("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    merged = before | changed
    record.properties = {name: value for name, value in merged.items() if value != ""}
    record.modified = at
    world.index.superseded(record.type, record.id)
    world.store.put(record)
    _index(world, record, before)
    if record.type in WATCHED:
        for name, value in changed.items():
            world.webhooks.changed(record.type, record.id, name, value, at, source.type, source.id)
    return record


def archive(world: World, record: Record) -> None:
    """Move a record to the recycle bin."""
    if record.archived_at is None:
        record.archived_at = clock.now()
        world.index.superseded(record.type, record.id)
        world.store.put(record)
        world.store.run("DELETE FROM keys WHERE type = ? AND id = ?", record.type, record.id)
        if record.type in WATCHED:
            world.webhooks.deleted(record.type, record.id, record.archived_at)


def restore(world: World, record: Record) -> Record:
    """Take a record out of the recycle bin, under its old id.

    Raises:
        Refused: 409, its e-mail has become another contact's.
    """
    if record.archived_at is not None:
        _unique(world, record.type, record.properties, record.id)
        record.archived_at, record.modified = None, max(clock.now(), record.modified)
        world.index.superseded(record.type, record.id)
        world.store.put(record)
        _index(world, record, {})
        if record.type in WATCHED:
            world.webhooks.restored(record.type, record.id, record.modified)
    return record


def _unique(world: World, kind: str, values: dict[str, str], own: int | None) -> None:
    if kind == CONTACT and values.get("email"):
        for other in world.store.by_key(CONTACT, values["email"]):
            if other != own:
                raise Refused(409, f"Contact already exists. Existing ID: {other}", "CONFLICT")
    for name, value in values.items():
        definition = world.catalogue.of(kind).get(name)
        if value and name != "email" and definition and definition.unique:
            for other in world.store.by_key(kind, f"{name}={value}"):
                if other != own:
                    raise Refused(409, f"{name} {value} is already the value of {other}", "CONFLICT")


def versions(world: World, record: Record, changed: dict[str, str], source: Source, at: int) -> list[Row]:
    """Rows of `history` for a change that is about to be made."""
    rows: list[Row] = []
    for name, value in changed.items():
        if name in UNHISTORIED:
            continue
        known = world.store.one(
            "SELECT 1 FROM history WHERE type = ? AND id = ? AND name = ? LIMIT 1", record.type, record.id, name
        )
        before = record.properties.get(name)
        if before is not None and not known:
            # Values as created are not copied to history until they change.
            origin = record.properties.get("hs_object_source", "CRM_UI")
            rows.append((record.type, record.id, name, before, record.created, origin, None))
        rows.append((record.type, record.id, name, value, at, source.type, source.id))
    return rows


def keys_of(world: World, record: Record) -> set[str]:
    """What a record is found by: e-mails, the domain, and values of unique properties."""
    return _keys(world, record.type, record.properties)


def _keys(world: World, kind: str, properties: dict[str, str]) -> set[str]:
    found = {
        f"{d.name}={properties[d.name]}".lower()
        for d in world.catalogue.of(kind).values()
        if d.unique and d.name != "email" and properties.get(d.name)
    }
    if kind == CONTACT:
        found |= {properties.get("email", "").lower()}
        found |= set(properties.get("hs_additional_emails", "").lower().split(";"))
    if kind == COMPANY:
        found |= {properties.get("domain", "").lower()}
    return found - {""}


def _index(world: World, record: Record, before: dict[str, str]) -> None:
    had, wanted = _keys(world, record.type, before), keys_of(world, record)
    for key in had - wanted:
        world.store.run("DELETE FROM keys WHERE type = ? AND key = ? AND id = ?", record.type, key, record.id)
    for key in wanted - had:
        world.store.run("INSERT INTO keys VALUES (?, ?, ?)", record.type, key, record.id)
