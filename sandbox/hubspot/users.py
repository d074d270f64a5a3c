"""The `users` object: when each owner works, kept in step with the owners."""

import json

from sandbox import clock
from sandbox.company.reference import Owner
from sandbox.hubspot import records
from sandbox.hubspot.definitions import BORN
from sandbox.hubspot.types import FIRST_IDS, USER
from sandbox.store import Record
from sandbox.world import World

WORKING_HOURS = [{"days": "MONDAY_TO_FRIDAY", "startMinute": 540, "endMinute": 1020}]
"""Nine to five; minutes from midnight in the user's own time zone."""


def record_id(owner: Owner) -> int:
    """The id of an owner's user record; it is neither the owner's id nor the user's."""
    return FIRST_IDS[USER] + int(owner.id)


def fill(world: World) -> None:
    """One user for each owner."""
    for member in world.staff.members():
        keep_in_step(world, member.owner, clock.parse(BORN))


def keep_in_step(world: World, owner: Owner, at: int | None = None) -> None:
    """Make, change, archive or restore an owner's user; the hours that a person set stay."""
    at = clock.now() if at is None else at
    values = {
        "hs_internal_user_id": str(owner.user_id),
        "hs_email": owner.email,
        "hs_given_name": owner.first_name,
        "hs_family_name": owner.last_name,
        "hs_standard_time_zone": owner.time_zone,
    }
    user = world.store.get(USER, record_id(owner))
    if user is None:
        usual = {"hs_working_hours": json.dumps(WORKING_HOURS), "hs_availability_status": "available"}
        user = Record(USER, record_id(owner), at, at, {"hs_object_source": "CRM_UI"} | usual | values)
        world.index.superseded(USER, user.id)
        world.store.put(user)
        world.store.run("INSERT INTO keys VALUES (?, ?, ?)", USER, f"hs_internal_user_id={owner.user_id}", user.id)
    elif any(user.properties.get(name) != value for name, value in values.items()):
        user = records.update(world, user, values, records.SYSTEM)
    if owner.archived:
        records.archive(world, user)
    else:
        records.restore(world, user)
