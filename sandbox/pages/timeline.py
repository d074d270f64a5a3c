"""A contact's timeline for the CRM page: events, submissions, activities and changes, newest first."""

import json
from dataclasses import dataclass

from sandbox import clock
from sandbox.company.reference import FORMS, OWNERS_BY_ID
from sandbox.hubspot.events import CLICKED, OPENED, SUBMITTED, VISITED
from sandbox.hubspot.types import CALL, COMMUNICATION, CONTACT, EMAIL, MEETING, NOTE, TASK
from sandbox.store import Record
from sandbox.world import World

LENGTH = 200
_SHOWN = ("lifecyclestage", "hubspot_owner_id", "hs_lead_status")
_TITLES = {
    CALL: "hs_call_title",
    EMAIL: "hs_email_subject",
    MEETING: "hs_meeting_title",
    COMMUNICATION: "hs_communication_body",
    NOTE: "hs_note_body",
    TASK: "hs_task_subject",
}
_ICONS = {CALL: "📞", EMAIL: "✉️", MEETING: "📅", COMMUNICATION: "💬", NOTE: "📝", TASK: "☑️"}
_DETAILS = ("hs_call_direction", "hs_call_status", "hs_email_direction", "hs_meeting_outcome")


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    at: int
    icon: str
    text: str
    detail: str = ""

    @property
    def when(self) -> str:
        """Date and time, UTC."""
        return clock.iso(self.at)[:19].replace("T", " ")


def owner_name(owner_id: str) -> str:
    """An owner as people say it."""
    owner = OWNERS_BY_ID.get(owner_id)
    return owner.name if owner else owner_id


def of(world: World, contact: Record) -> list[Entry]:
    """The newest entries."""
    found = [*_events(world, contact), *_activities(world, contact), *_changes(world, contact)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:LENGTH]


def _events(world: World, contact: Record) -> list[Entry]:
    rows = world.store.rows(
        "SELECT e.kind, e.at, p.body FROM events e JOIN event_properties p ON p.id = e.properties"
        " WHERE e.object_id=? ORDER BY e.at DESC LIMIT ?",
        contact.id,
        LENGTH,
    )
    entries = []
    for kind, at, body in rows:
        facts = json.loads(body)
        if kind == VISITED:
            entries.append(Entry(at, "👁", f"Visited {facts['hs_title']}", facts["hs_url"]))
        elif kind in (OPENED, CLICKED):
            verb, icon = ("Opened", "📨") if kind == OPENED else ("Clicked in", "🖱")
            entries.append(Entry(at, icon, f"{verb} “{facts['hs_email_subject']}”", facts["hs_campaign_name"]))
        elif kind == SUBMITTED:
            entries.append(Entry(at, "📝", f"Submitted “{FORMS[facts['hs_form_id']]}”", facts["hs_url"]))
    return entries


def _activities(world: World, contact: Record) -> list[Entry]:
    entries = []
    for kind, title in _TITLES.items():
        for record in world.store.read(kind, world.store.associated(CONTACT, contact.id, kind)):
            values = record.properties
            parts = [owner_name(values.get("hubspot_owner_id", "")), *(values.get(name, "") for name in _DETAILS)]
            at, detail = clock.parse(values["hs_timestamp"]), " · ".join(filter(None, parts))
            entries.append(Entry(at, _ICONS[kind], values.get(title) or kind, detail))
    return entries


def _changes(world: World, contact: Record) -> list[Entry]:
    rows = world.store.rows(
        "SELECT name, value, at, source FROM history WHERE type=? AND id=? ORDER BY at DESC LIMIT ?",
        CONTACT,
        contact.id,
        LENGTH * 3,
    )
    entries = []
    for name, value, at, source in rows:
        if name in _SHOWN or name.startswith("handoff_"):
            shown = owner_name(value) if name == "hubspot_owner_id" else value
            entries.append(Entry(at, "✏️", f"{name} → {shown or 'cleared'}", f"by {source}"))
    return entries
