"""Sales reps: they notice a lead that is given to them, and accept, reject or ignore it, after a while, like people."""

import asyncio
import heapq
import json
import math
import re
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.company import acts
from sandbox.company.reference import BOT_ID, OWNERS_BY_ID, OWNERS_BY_SLACK
from sandbox.hubspot import activity, records
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.records import API, Source
from sandbox.hubspot.types import CALL, CONTACT, EMAIL
from sandbox.store import Record
from sandbox.world import World

_TICK_SECONDS = 0.5
_SPREAD = 0.7
"""Of the logarithm of a rep's delay."""
_RECORD = re.compile(r"(?:contacts?|record/0-1)/(\d{9,})")


@dataclass
class Desk:
    """What the reps have seen, and what each is about to do."""

    seen_ts: str
    seen_at: int
    taken: set[tuple[int, str]] = field(default_factory=set)
    """Contact and owner of leads that were noticed."""
    due: list[tuple[int, int, str]] = field(default_factory=list)
    """When, contact, owner; a heap."""


async def run(world: World) -> None:
    """Look and act, for ever, while `world.life.reps` holds."""
    desk = Desk(f"{clock.now_micros() / 1e6:.6f}", clock.now())
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        if world.life.reps:
            look(world, desk)
            while desk.due and desk.due[0][0] <= clock.now():
                _, contact, owner = heapq.heappop(desk.due)
                decide(world, contact, owner)


def look(world: World, desk: Desk) -> None:
    """Notice new direct messages, and contacts that an integration gave an owner."""
    where = "channel LIKE 'D%' AND ts > ? AND user = ? ORDER BY ts"
    for channel, message in world.slack.messages(where, desk.seen_ts, BOT_ID):
        desk.seen_ts = message["ts"]
        owner = OWNERS_BY_SLACK.get("U" + channel[1:])
        contact = contact_in(message)
        if owner and contact:
            _notice(world, desk, contact, owner.id)
    rows = world.store.rows(
        "SELECT id, value, at FROM history WHERE type = ? AND name = 'hubspot_owner_id' AND source = ? AND at >= ?",
        CONTACT,
        API.type,
        desk.seen_at,
    )
    for contact, owner_id, at in rows:
        desk.seen_at = max(desk.seen_at, at)
        if owner_id in OWNERS_BY_ID:
            _notice(world, desk, contact, owner_id)


def contact_in(message: dict[str, object]) -> int | None:
    """The contact that a message is about: named in its metadata, or linked in its blocks."""
    metadata = message.get("metadata")
    payload = metadata.get("event_payload", {}) if isinstance(metadata, dict) else {}
    for name in ("contact_id", "lead_id"):
        if str(payload.get(name, "")).isdecimal():
            return int(payload[name])
    linked = _RECORD.search(json.dumps(message.get("blocks", "")) + str(message.get("text", "")))
    return int(linked.group(1)) if linked else None


def _notice(world: World, desk: Desk, contact: int, owner: str) -> None:
    if (contact, owner) in desk.taken:
        return
    desk.taken.add((contact, owner))
    median = max(0.1, world.life.delay_seconds)
    seconds = world.random.lognormvariate(math.log(median), _SPREAD)
    heapq.heappush(desk.due, (clock.now() + int(seconds * 1000), contact, owner))


def decide(world: World, contact_id: int, owner: str) -> str:
    """A rep's decision: `accepted`, `rejected`, `ignored`, or `gone` when the lead is no longer theirs."""
    contact = world.store.get(CONTACT, contact_id)
    if contact is None or contact.archived_at is not None:
        return "gone"
    if contact.properties.get("hubspot_owner_id", owner) != owner:
        return "gone"
    dice = world.random.random()
    try:
        if dice < world.life.accept:
            _accept(world, contact, owner)
            return "accepted"
        if dice < world.life.accept + world.life.reject:
            acts.reject(world, {"contact_id": contact.id, "owner_id": owner}, clock.now())
            return "rejected"
    except Refused as refused:
        world.life.last_refusal = refused.message
    return "ignored"


def _accept(world: World, contact: Record, owner: str) -> None:
    at, name = clock.now(), contact.properties.get("firstname", "").strip() or "the lead"
    if world.random.random() < 0.65:
        answered = world.random.random() < 0.55
        values = {
            "hs_call_title": f"Call with {name}",
            "hs_call_direction": "OUTBOUND",
            "hs_call_status": "COMPLETED" if answered else "NO_ANSWER",
            "hs_call_duration": str(world.random.randint(60, 900) * 1000 if answered else 0),
        }
        activity.log(world, CALL, contact, values, owner, at)
    else:
        values = {
            "hs_email_subject": f"{name}, your question about Brightwell",
            "hs_email_direction": "EMAIL",
            "hs_email_status": "SENT",
        }
        activity.log(world, EMAIL, contact, values, owner, at)
    fresh = world.store.read(CONTACT, [contact.id])[0]
    user = Source("CRM_UI", f"userId:{2_000_000 + int(owner)}")
    records.update(world, fresh, {"hs_lead_status": "IN_PROGRESS"}, user)
