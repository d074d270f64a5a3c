"""Bring one contact to its target: read, compare, write, read back, and give back what a person chose meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from handoff import crash
from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_wire import (
    DailyLimitReached,
    HubSpotError,
    NotFound,
    PlanLacks,
    RateLimited,
    Rejected,
    Unauthorized,
)
from handoff.ledger.db import Connection, only_one
from handoff.ledger.outbox import Done, NotDelivered, Outcome, Permanent, Unknown
from handoff.sync import conflicts, overtaking, unwritten
from handoff.sync.plan import OURS, STAGE, STAGES, is_ours, plan
from handoff.sync.properties import ensure_properties

KIND = "hubspot_contact"
RESTORES = 3
"""Writes at the most that give a person's choice back, should somebody choose anew during each."""

Json = dict[str, Any]


class ContactSender:
    """Brings one contact to its target. A repeated send finds its own work done and writes nothing."""

    def __init__(
        self,
        connection: Connection,
        hubspot: HubSpotHook,
        reasons: Sequence[tuple[str, str]],
        now: Callable[[], datetime],
    ):
        self._connection = connection
        self._hubspot = hubspot
        self._reasons = reasons
        self._now = now

    def send(self, payload: Json, dedupe_key: str) -> Outcome:
        """Write what may be written; the result names what was written, what drifted, what a person's choice was put
        back to, what HubSpot ignored or does not offer, and what was left to a later effect."""
        # An older target must not overtake a newer one between its reading and its writing.
        with only_one(self._connection, f"{KIND}:{payload.get('contact_id')}") as is_free:
            return self._alone(payload, dedupe_key) if is_free else NotDelivered("another write to this contact", 1.0)

    def look(self, payload: Json, dedupe_key: str, since: datetime) -> Done | None:
        """Nothing to look for: `send` reads the record first."""
        return None

    def _alone(self, payload: Json, dedupe_key: str) -> Outcome:
        try:
            contact_id, expected = str(payload["contact_id"]), dict(payload["expected"])
            later = overtaking.later(self._connection, dedupe_key, contact_id)
            wanted = {name: str(value) for name, value in payload["properties"].items() if name not in later}
            earlier = overtaking.earlier(self._connection, dedupe_key, contact_id, wanted)
            datetime.fromisoformat(expected.get("read_at") or "9999-12-31T00:00:00Z")
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            return Permanent(f"unreadable payload: {type(problem).__name__}: {problem}")
        try:
            done = self._bring(contact_id, wanted, expected, earlier)
        except RateLimited as problem:
            return NotDelivered(str(problem), problem.retry_after_s)
        except (DailyLimitReached, Unauthorized, PlanLacks) as problem:
            return NotDelivered(str(problem), 600.0, is_vendor_wide=True)
        except NotFound as problem:
            return Done({"contact_id": contact_id}, "gone") if self._is_gone(contact_id) else Permanent(str(problem))
        except Rejected as problem:
            return Permanent(str(problem))
        except HubSpotError as problem:
            return Unknown(str(problem))
        conflicts.tell(self._connection, dedupe_key, done.result, self._now())
        unwritten.tell(self._connection, dedupe_key, wanted, done.result, self._now())
        left = sorted(later & payload["properties"].keys())
        return replace(done, result=done.result | {overtaking.KEY: left}) if left else done

    def _bring(self, contact_id: str, wanted: dict[str, str], expected: Json, earlier: overtaking.Earlier) -> Done:
        if not wanted:
            return Done({}, "unchanged")
        found = self._read(contact_id, wanted)
        crash.point("sync.contact.read")
        # HubSpot leaves properties that are not defined out of its answer.
        if any(name.startswith(OURS) and name not in found["properties"] for name in wanted):
            ensure_properties(self._hubspot, self._reasons)
        stages = self._stages(found, wanted)
        decided = after = plan(wanted, found, expected, stages, earlier)
        written = decided.write
        if decided.write:
            written = self._patch(found["id"], decided.write)
            crash.point("sync.contact.written")
            after = plan(wanted, self._read(found["id"], wanted), expected, stages, earlier)
            crash.point("sync.contact.read_back")
        self._restore(found["id"], after.restore, expected)
        ignored = sorted(name for name in decided.write if name in after.write)
        drift = decided.drift | after.drift
        result = {
            "contact_id": found["id"],
            "written": sorted(written),
            "drift": drift,
            "restored": after.restore,
            "rejected_silently": ignored,
        }
        if drift or ignored:
            return Done(result, "drift" if drift else "rejected_silently")
        return Done(result, "written" if written else "unchanged")

    def _is_gone(self, contact_id: str) -> bool:
        """Whether the newest version that was read says that the contact was deleted or erased."""
        row = self._connection.execute(
            """select payload ->> 'archived' = 'true' or payload ->> 'isErased' = 'true' as is_gone
            from raw.hubspot_contacts where id = %s order by updated_at desc, version_id desc limit 1""",
            (contact_id,),
        ).fetchone()
        return bool(row and row["is_gone"])

    def _read(self, contact_id: str, wanted: dict[str, str]) -> Json:
        others = [name for name in wanted if not is_ours(name)]
        return self._hubspot.read("contacts", contact_id, list(wanted), with_history=others)

    def _patch(self, contact_id: str, properties: dict[str, str]) -> dict[str, str]:
        """Write, and return what was written: without the values that a portal does not offer, or no longer.

        What the agreement has had added since our properties were made, HubSpot learns here.
        """
        try:
            self._hubspot.patch("contacts", contact_id, properties)
        except Rejected:
            unknown = self._unknown(properties)
            if any(name.startswith(OURS) for name in unknown) and self._offers_more():
                unknown = self._unknown(properties)
            elif not unknown:
                raise
            known = {name: value for name, value in properties.items() if name not in unknown}
            if not known:
                raise
            self._hubspot.patch("contacts", contact_id, known)
            return known
        return properties

    def _offers_more(self) -> bool:
        """Have HubSpot offer what the agreement has by now; where it may not be asked, the value is left out."""
        try:
            return bool(ensure_properties(self._hubspot, self._reasons))
        except (PlanLacks, Rejected):
            return False

    def _unknown(self, properties: dict[str, str]) -> set[str]:
        """The properties that have a list of values without the one that we want; to empty one is always possible."""
        offered = self._offered()
        return {name for name, value in properties.items() if value and value not in offered.get(name, (value,))}

    def _restore(self, contact_id: str, chosen: dict[str, str], expected: Json) -> None:
        for _ in range(RESTORES):
            if not chosen:
                return
            self._hubspot.patch("contacts", contact_id, chosen)
            crash.point("sync.contact.restored")
            chosen = plan(chosen, self._read(contact_id, chosen), {"read_at": expected["read_at"]}).restore

    def _stages(self, found: Json, wanted: dict[str, str]) -> Sequence[str]:
        """The portal's stages in order; asked for only when one is not HubSpot's own."""
        if all(stage in STAGES for stage in (wanted.get(STAGE), found["properties"].get(STAGE)) if stage):
            return STAGES
        return self._offered()[STAGE]

    def _offered(self) -> dict[str, list[str]]:
        """The values of each property that has a list of them, in the portal's order."""
        return {
            each["name"]: [
                str(option["value"]) for option in sorted(each["options"], key=lambda one: int(one["displayOrder"]))
            ]
            for each in self._hubspot.properties("contacts")
            if each.get("type") == "enumeration" and each.get("options")
        }
