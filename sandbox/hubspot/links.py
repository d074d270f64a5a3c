"""Associations in the store: making, reading and removing them; no record's modification stamp moves by it."""

from typing import Any

from sandbox import clock
from sandbox.hubspot import engagements, lifecycle, records
from sandbox.hubspot.errors import Refused, not_found
from sandbox.hubspot.types import ASSOCIATION_TYPES, COMPANY, CONTACT, association_types
from sandbox.store import Record
from sandbox.world import World

PAGE = 500
"""Associated records in one answer, per record asked for."""
PRIMARY = {primary for _, primary in ASSOCIATION_TYPES.values() if primary}
"""Type ids of primary associations."""


def link(world: World, from_type: str, from_id: int, to_type: str, to_id: int, primary: bool = False) -> bool:
    """Associate both ways; neither record's modification stamp moves. Answers whether the pair is new."""
    new = False
    for a, a_id, b, b_id in ((from_type, from_id, to_type, to_id), (to_type, to_id, from_type, from_id)):
        plain, first = association_types(a, b)
        for type_id in (plain, first) if primary and first else (plain,):
            sql = "INSERT OR IGNORE INTO associations VALUES (?, ?, ?, ?, ?)"
            new = bool(world.store.run(sql, a, a_id, b, b_id, type_id)) or new
    if new and {from_type, to_type} == {CONTACT, COMPANY}:
        contact, company = (from_id, to_id) if from_type == CONTACT else (to_id, from_id)
        world.webhooks.associated(contact, company, primary, False, clock.now())
    return new


def link_by_type(world: World, record: Record, to_id: int, type_id: int) -> None:
    """Associate a record with another whose type follows from the association's type id.

    Raises:
        Refused: 400, the type id does not begin at this record's type; 404, there is no such record.
    """
    for (from_type, to_type), (plain, primary) in ASSOCIATION_TYPES.items():
        if from_type == record.type and type_id in (plain, primary):
            if not world.store.read(to_type, [to_id]):
                raise not_found()
            link(world, record.type, record.id, to_type, to_id, primary=type_id == primary)
            if type_id == primary and (from_type, to_type) == (CONTACT, COMPANY):
                _name_company(world, record, to_id)
            return
    raise Refused(400, f"Association type {type_id} does not exist for {record.type}")


def join_company(world: World, contact: Record) -> None:
    """Associate a contact with the company of its e-mail's domain, if the portal has exactly that one."""
    domain = contact.properties.get("email", "").rpartition("@")[2]
    found = world.store.by_key(COMPANY, domain) if domain else []
    if found and not world.store.associated(CONTACT, contact.id, COMPANY):
        link(world, CONTACT, contact.id, COMPANY, found[0], primary=True)
        _name_company(world, contact, found[0])


def _name_company(world: World, contact: Record, company_id: int) -> None:
    contact.properties["associatedcompanyid"] = str(company_id)
    world.index.superseded(CONTACT, contact.id)
    world.store.put(contact)


def entries_of(
    world: World, from_type: str, from_id: int, to_type: str, after: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of a record's associations, each with all its types, and the id to go on from; 0 = no more."""
    rows = world.store.rows(
        "SELECT to_id, type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id>?"
        " ORDER BY to_id, type_id DESC",
        from_type,
        from_id,
        to_type,
        after,
    )
    by_id: dict[int, list[dict[str, Any]]] = {}
    for to_id, type_id in rows:
        label = "Primary" if type_id in PRIMARY else None
        by_id.setdefault(to_id, []).append({"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": label})
    entries: list[dict[str, Any]] = [{"toObjectId": to_id, "associationTypes": types} for to_id, types in by_id.items()]
    more: int = entries[PAGE - 1]["toObjectId"] if len(entries) > PAGE else 0
    return entries[:PAGE], more


def connect(world: World, from_type: str, from_id: int, to_type: str, to_id: int, primary: bool) -> dict[str, Any]:
    """Associate two existing records as a client asked; activities then show on the contact.

    Raises:
        Refused: 404, one of them does not exist.
    """
    plain, first = association_types(from_type, to_type)
    pair = world.store.read(from_type, [from_id]) + world.store.read(to_type, [to_id])
    if len(pair) < 2:
        raise not_found()
    link(world, from_type, from_id, to_type, to_id, primary)
    for record in pair:
        engagements.reflect(world, record)
        lifecycle.follow(world, record, record.properties)
    if primary and from_type == CONTACT and to_type == COMPANY:
        records.update(world, pair[0], {"associatedcompanyid": str(to_id)}, records.SYSTEM)
    return {
        "from": {"id": str(from_id)},
        "to": {"id": str(to_id)},
        "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": first if primary else plain},
    }


def unlink(world: World, from_type: str, from_id: int, to_type: str, to_id: int) -> None:
    """Remove every association of a pair."""
    sql = "DELETE FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id=?"
    removed = world.store.run(sql, from_type, from_id, to_type, to_id)
    world.store.run(sql, to_type, to_id, from_type, from_id)
    if removed and {from_type, to_type} == {CONTACT, COMPANY}:
        contact, company = (from_id, to_id) if from_type == CONTACT else (to_id, from_id)
        world.webhooks.associated(contact, company, False, True, clock.now())
