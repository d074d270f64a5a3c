"""Carry out one effect on a rep's task in the CRM: make it once, move its deadline, or end it, unless a person has."""

from collections.abc import Callable, Sequence
from datetime import datetime
from html import unescape
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
from handoff.ledger.outbox import CannotLook, Done, NotDelivered, Outcome, Permanent, Unknown
from handoff.notify.alert import alert
from handoff.notify.text import slack_text
from handoff.sync.plan import plan
from handoff.sync.task_state import ending
from handoff.sync.task_target import BODY, DUE, KIND, STATUS, TO_CONTACT, WATCHED, reference
from handoff.sync.values import same

Json = dict[str, Any]


class TaskSender:
    """Makes tasks and brings them to their end."""

    def __init__(self, connection: Connection, hubspot: HubSpotHook, now: Callable[[], datetime]):
        self._connection = connection
        self._hubspot = hubspot
        self._now = now

    def send(self, payload: Json, dedupe_key: str) -> Outcome:
        """Carry it out. The label says what became of it: `made`, `not_needed`, `moved`, `completed`, `removed`,
        `drift` (a person's change stayed), `gone` (the contact or the task is), `not_permitted`."""
        with only_one(self._connection, f"{KIND}:{payload.get('task_of', dedupe_key)}") as is_free:
            if not is_free:
                return NotDelivered("another write to this task", 1.0)
            try:
                return self._create(payload) if payload["action"] == "create" else self._change(payload)
            except (KeyError, TypeError) as problem:
                return Permanent(f"unreadable payload: {type(problem).__name__}: {problem}")
            except RateLimited as problem:
                return NotDelivered(str(problem), problem.retry_after_s)
            except (DailyLimitReached, Unauthorized) as problem:
                return NotDelivered(str(problem), 600.0, is_vendor_wide=True)
            except PlanLacks as problem:
                return self._without_scope(problem)
            except NotFound:
                return Done({}, "gone")
            except Rejected as problem:
                return Permanent(str(problem))
            except HubSpotError as problem:
                return Unknown(str(problem))

    def look(self, payload: Json, dedupe_key: str, since: datetime) -> Done | None:
        """The task that an earlier attempt made, by the reference in its body. A change reads the task first, so
        that there is nothing to look for."""
        if payload["action"] != "create":
            return None
        try:
            contact_id = self._present(payload)
            ids = self._hubspot.associations("contacts", "tasks", [contact_id])[contact_id]
            tasks, _ = self._hubspot.batch_read("tasks", ids, [BODY])
        except NotFound:
            return Done({}, "gone")
        except HubSpotError as problem:
            raise CannotLook(str(problem)) from problem
        marks = reference(dedupe_key)
        found = [task["id"] for task in tasks if marks in unescape(task["properties"].get(BODY) or "")]
        return Done({"task_id": found[0], "contact_id": contact_id}, "made") if found else None

    def _create(self, payload: Json) -> Outcome:
        if ending(self._connection, payload["assignment_id"]):
            return Done({}, "not_needed")
        contact_id = self._present(payload)
        made = self._hubspot.create("tasks", payload["properties"], contact_id, TO_CONTACT)
        crash.point("sync.task.created")
        return Done({"task_id": str(made["id"]), "contact_id": contact_id}, "made")

    def _present(self, payload: Json) -> str:
        """The contact's id now: one that was merged away has another, and its tasks are that one's."""
        return str(self._hubspot.read("contacts", payload["contact_id"], [])["id"])

    def _change(self, payload: Json) -> Outcome:
        task_id, expected = payload["task_id"], payload["expected"]
        found = self._read(task_id)
        done, wanted = payload["done"], dict(payload["properties"])
        if wanted and all(same(str(found["properties"].get(name) or ""), value) for name, value in wanted.items()):
            return Done({"task_id": task_id}, done)
        drift = _drift(found, expected)
        if drift:
            return Done({"task_id": task_id, "drift": drift}, "drift")
        if not wanted:
            self._hubspot.archive("tasks", task_id)
            return Done({"task_id": task_id}, done)
        self._hubspot.patch("tasks", task_id, wanted)
        after = self._read(task_id)
        chosen = plan(wanted, after, {"read_at": payload["read_at"]}).restore
        if chosen:
            self._hubspot.patch("tasks", task_id, chosen)
            return Done({"task_id": task_id, "drift": chosen, "restored": chosen}, "drift")
        return Done({"task_id": task_id}, done)

    def _read(self, task_id: str) -> Json:
        return self._hubspot.read("tasks", task_id, list(WATCHED), with_history=(STATUS, DUE))

    def _without_scope(self, problem: PlanLacks) -> Done:
        """The handoff goes on without tasks; somebody is told once, not with every lead."""
        text = f"Reps get no tasks in HubSpot: {slack_text(str(problem), 400)}. Everything else goes on."
        alert(self._connection, "task:not_permitted", text, self._now())
        return Done({}, "not_permitted")


def _drift(found: Json, expected: dict[str, Sequence[str]]) -> dict[str, str]:
    """What the task says that we have never written, by property."""
    says = {name: str(found["properties"].get(name) or "") for name in WATCHED}
    return {name: says[name] for name in WATCHED if not any(same(says[name], each) for each in expected[name])}
