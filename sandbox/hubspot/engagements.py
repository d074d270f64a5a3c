"""What an activity (call, e-mail, meeting, message) changes on the contacts that it is associated with."""

from sandbox import clock
from sandbox.hubspot import records
from sandbox.hubspot.types import CALL, COMMUNICATION, CONTACT, EMAIL, ENGAGEMENTS, MEETING, TASK
from sandbox.store import Record
from sandbox.world import World

_TYPES = {CALL: "CALL", EMAIL: "EMAIL", MEETING: "MEETING_EVENT", TASK: "TASK", COMMUNICATION: "CONVERSATION_SESSION"}


def is_outreach(record: Record) -> bool:
    """Whether a rep reached out: an outgoing call, a sent mail, a meeting or a message."""
    values = record.properties
    if record.type == CALL:
        return values.get("hs_call_direction") == "OUTBOUND"
    if record.type == EMAIL:
        return values.get("hs_email_direction") == "EMAIL" and values.get("hs_email_status", "SENT") == "SENT"
    return record.type in (MEETING, COMMUNICATION)


def reflect(world: World, record: Record) -> None:
    """Bring the summary properties of an activity's contacts up to date; other records are left alone."""
    if record.type not in ENGAGEMENTS:
        return
    for contact in world.store.read(CONTACT, world.store.associated(record.type, record.id, CONTACT)):
        changes = _summary(world, contact, record)
        if any(contact.properties.get(name, "") != value for name, value in changes.items()):
            records.update(world, contact, changes, records.SYSTEM)


def _summary(world: World, contact: Record, record: Record) -> dict[str, str]:
    when = record.properties["hs_timestamp"]
    before = contact.properties
    count = sum(len(world.store.associated(CONTACT, contact.id, kind)) for kind in ENGAGEMENTS)
    changes = {"num_notes": str(count), "notes_last_updated": max(when, before.get("notes_last_updated", ""))}
    if record.type in _TYPES and record.type != TASK:
        changes["notes_last_contacted"] = max(when, before.get("notes_last_contacted", ""))
    assigned = before.get("hubspot_owner_assigneddate", "")
    if is_outreach(record):
        changes["hs_first_outreach_date"] = min(when, before.get("hs_first_outreach_date") or when)
        by_owner = record.properties.get("hubspot_owner_id") == before.get("hubspot_owner_id")
        if by_owner and assigned and when >= assigned and not before.get("hs_sa_first_engagement_date"):
            changes |= {
                "hs_sa_first_engagement_date": when,
                "hs_sa_first_engagement_object_type": _TYPES[record.type],
                "hs_first_engagement_object_id": str(record.id),
                "hs_time_to_first_engagement": str(clock.parse(when) - clock.parse(assigned)),
                "hs_is_unworked": "false",
            }
    elif record.type == EMAIL and record.properties.get("hs_email_direction") == "INCOMING_EMAIL":
        changes |= {
            "hs_sales_email_last_replied": max(when, before.get("hs_sales_email_last_replied", "")),
            "hs_last_sales_activity_timestamp": max(when, before.get("hs_last_sales_activity_timestamp", "")),
            "hs_last_sales_activity_type": "EMAIL_REPLY",
        }
    return changes
