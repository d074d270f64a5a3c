"""Write back to the CRM what the outbox holds for it: read, compare, write, read back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from handoff import clock
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
from handoff.ledger.db import Connection
from handoff.ledger.drain import drain
from handoff.ledger.outbox import Done, NotDelivered, Outcome, Permanent, Unknown
from handoff.notify.given_up import tell
from handoff.sync.plan import OURS, STAGE, STAGES, plan, same
from handoff.sync.properties import ensure_properties

KIND = "hubspot_contact"
LABELS = ("written", "unchanged", "drift", "rejected_silently")

Json = dict[str, Any]


class ContactSender:
    """Brings one contact to its target. A repeated send finds its own work done and writes nothing."""

    def __init__(self, connection: Connection, hubspot: HubSpotHook, reasons: Sequence[tuple[str, str]]):
        self._connection = connection
        self._hubspot = hubspot
        self._reasons = reasons

    def send(self, payload: Json, dedupe_key: str) -> Outcome:
        """Write what may be written; the result names what was written, what drifted and what HubSpot ignored."""
        try:
            contact_id, expected = str(payload["contact_id"]), dict(payload["expected"])
            wanted = self._wanted(payload, dedupe_key)
            datetime.fromisoformat(expected.get("read_at") or "9999-12-31T00:00:00Z")
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            return Permanent(f"unreadable payload: {type(problem).__name__}: {problem}")
        try:
            return self._bring(contact_id, wanted, expected)
        except RateLimited as problem:
            return NotDelivered(str(problem), problem.retry_after_s)
        except (DailyLimitReached, Unauthorized, PlanLacks) as problem:
            return NotDelivered(str(problem), 600.0, is_vendor_wide=True)
        except (NotFound, Rejected) as problem:
            return Permanent(str(problem))
        except HubSpotError as problem:
            return Unknown(str(problem))

    def look(self, payload: Json, dedupe_key: str, since: datetime) -> Done | None:
        """Nothing to look for: `send` reads the record first."""
        return None

    def _wanted(self, payload: Json, dedupe_key: str) -> dict[str, str]:
        """The target, without what a later effect for the same contact says otherwise."""
        rows = self._connection.execute(
            "select distinct jsonb_object_keys(later.payload -> 'properties') as name from handoff.outbox as later "
            "where later.outbox_id > (select outbox_id from handoff.outbox where dedupe_key = %s) "
            "and later.kind = %s and later.state <> 'dead' and later.payload ->> 'contact_id' = %s",
            (dedupe_key, KIND, payload["contact_id"]),
        )
        overtaken = {row["name"] for row in rows}
        return {name: str(value) for name, value in payload["properties"].items() if name not in overtaken}

    def _bring(self, contact_id: str, wanted: dict[str, str], expected: Json) -> Outcome:
        if not wanted:
            return Done({}, "unchanged")
        others = [name for name in wanted if not name.startswith(OURS)]
        found = self._hubspot.read("contacts", contact_id, list(wanted), with_history=others)
        # HubSpot leaves properties that are not defined out of its answer.
        if any(name.startswith(OURS) and name not in found["properties"] for name in wanted):
            ensure_properties(self._hubspot, self._reasons)
        decided = plan(wanted, found, expected, self._stages(found, wanted))
        result: Json = {"contact_id": found["id"], "written": sorted(decided.write), "drift": decided.drift}
        if not decided.write:
            return Done(result, "drift" if decided.drift else "unchanged")
        self._hubspot.patch("contacts", found["id"], decided.write)
        now = self._hubspot.read("contacts", found["id"], list(decided.write))["properties"]
        ignored = sorted(name for name, value in decided.write.items() if not same(str(now.get(name) or ""), value))
        label = "drift" if decided.drift else "rejected_silently" if ignored else "written"
        return Done({**result, "rejected_silently": ignored}, label)

    def _stages(self, found: Json, wanted: dict[str, str]) -> Sequence[str]:
        """The portal's stages in order; asked for only when one is not HubSpot's own."""
        if all(stage in STAGES for stage in (wanted.get(STAGE), found["properties"].get(STAGE)) if stage):
            return STAGES
        definitions = {each["name"]: each for each in self._hubspot.properties("contacts")}
        options = definitions[STAGE].get("options") or ()
        return [str(option["value"]) for option in sorted(options, key=lambda each: int(each["displayOrder"]))]


def write_back(
    connection: Connection,
    hubspot: HubSpotHook | None = None,
    reasons: Sequence[tuple[str, str]] = (),
    now: Callable[[], datetime] = clock.now,
) -> dict[str, int]:
    """Bring every contact that is due to its target and return counts.

    `written`, `unchanged` (it said so already), `drift` (a person's change stayed), `rejected_silently` (HubSpot
    accepted and ignored a value), `dead` (given up now, told to the review channel), `pending` (still waiting).

    Args:
        reasons: the agreement's rejection reasons as (id, label), for the property that offers them.
    """
    sender = ContactSender(connection, hubspot or HubSpotHook(), reasons)
    drained = drain(connection, KIND, sender, now, on_dead=partial(tell, now()))
    return {name: drained.get(name, 0) for name in (*LABELS, "dead", "pending")}
