"""What the CRM is to hold of a rep's task: the payloads of `hubspot_task` effects.

The task that is made holds a reference in its body. HubSpot has no idempotency key, so after a doubt the contact's
tasks are searched for it. https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide
"""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handoff.notify.context import Context
from handoff.sync.targets import LONGEST_TEXT, instant

KIND = "hubspot_task"
TO_CONTACT = 204
"""HubSpot's association type from a task to a contact."""
STATUS, OWNER, DUE, BODY = "hs_task_status", "hubspot_owner_id", "hs_timestamp", "hs_task_body"
OPEN, COMPLETE = "NOT_STARTED", {STATUS: "COMPLETED"}
WATCHED = (STATUS, OWNER, DUE)
"""What a person may change; where they have, the task is theirs."""
LONGEST_SUBJECT = 200
_VERBS = {"call": "Call", "email": "Write to"}


def task_target(
    key: str, task: str, context: Context, contact_id: str, assignment_id: int, owner_id: str, due_at: datetime
) -> dict[str, Any]:
    """A new task. `task` is the tier's `crm_task`: call, email or todo."""
    whom = context.lead.name or context.lead.email or f"contact {contact_id}"
    subject = f"{_VERBS.get(task, 'Follow up with')} {whom}: {context.trigger.summary}"
    return {
        "action": "create",
        "contact_id": contact_id,
        "assignment_id": assignment_id,
        "properties": {
            DUE: instant(due_at),
            OWNER: owner_id,
            STATUS: OPEN,
            "hs_task_type": task.upper(),
            "hs_task_priority": "HIGH",
            "hs_task_subject": _line(subject)[:LONGEST_SUBJECT],
            BODY: _body(key, context),
        },
    }


def untouched(owner_id: str, dues: Sequence[str]) -> dict[str, list[str]]:
    """What a task says that nobody changed: an open one of its rep's, with a deadline that we have written."""
    return {STATUS: [OPEN], OWNER: [owner_id], DUE: list(dues)}


def reference(key: str) -> str:
    """What a task is recognised by: no other key's reference is part of it."""
    return f"[{key}]"


def _body(key: str, context: Context) -> str:
    """HTML, in which every text is a text: a lead's own words bring no tag and no link."""
    said = [context.reason or context.trigger.summary]
    said += [f"{part.points:+g} {part.label}" for part in context.score.parts]
    lines = [html.escape(_line(each)) for each in said]
    if (context.record_url or "").startswith("https://"):
        url = html.escape(context.record_url or "")
        lines.append(f'<a href="{url}">{url}</a>')
    text = ""
    for line in lines:
        if len(text) + len(line) < LONGEST_TEXT:
            text += f"<p>{line}</p>"
    return f"{text}<p>{reference(key)}</p>"


def _line(text: str) -> str:
    """One line of plain text, without what a reader might take for a tag, or we for a reference."""
    return " ".join(re.sub(r"[<>\[\]]", " ", text).split())
