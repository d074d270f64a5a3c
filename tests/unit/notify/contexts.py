"""A handoff's context and history as the line would have stored them, and what a card says in the order of a phone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.notify.context import (
    Activity,
    Attribution,
    Company,
    Context,
    Definition,
    Lead,
    Score,
    ScorePart,
    Tier,
    Trigger,
)
from handoff.notify.history import Answer, History, Turn

NOW = datetime(2026, 11, 20, 18, 59, 30, tzinfo=UTC)
RECORD = "https://app.hubspot.com/contacts/4242424/record/0-1/123"
OUR_LINKS = re.compile(
    r"<https?://[\w.:-]+/contacts/\d+/record/0-1/\d+\|Open in HubSpot>|<https://www\.linkedin\.com/[\w.~%/-]+\|LinkedIn>"
)


def make(**changes: Any) -> Context:
    parts = {
        "lead": Lead(
            "123",
            name="Jordan Lee",
            email="jordan@acme.example",
            title="VP Sales",
            linkedin_url="https://www.linkedin.com/in/jordan-lee",
            country="US",
        ),
        "trigger": Trigger("form_submitted", "Submitted the form Request a demo", NOW - timedelta(seconds=30)),
        "attribution": Attribution("PAID_SEARCH", "Brand search US", "ORGANIC_SEARCH", None, "Q4 Pipeline Gap"),
        "company": Company("Acme", "acme.example", "COMPUTER_SOFTWARE", 1250, "US"),
        "score": Score(84, 44, 40, 60, (ScorePart("Asked for a demo", 40), ScorePart("Senior", 44))),
        "tier": Tier("hand_raiser", "Hand-raiser", 5),
        "definition": Definition("platform", "2026-11"),
        "record_url": RECORD,
        "reason": "Asked to talk to sales",
        "activities": tuple(Activity(NOW - timedelta(hours=9 * n), f"Viewed page {n}") for n in range(12)),
    }
    return Context(**{**parts, **changes})


def turn(assignment_id: int = 1, rep_name: str = "Ana Costa", **changes: Any) -> Turn:
    """An assignment made at `NOW`, due five minutes later, of a rep in New York."""
    given = {
        "rep_id": "ana-costa",
        "assigned_at": NOW,
        "due_at": NOW + timedelta(minutes=5),
        "cause": "handoff",
        "reason": "territory",
        "is_breached": False,
        "time_zone": "America/New_York",
    }
    return Turn(assignment_id, rep_name=rep_name, **{**given, **changes})


def answer(kind: str, minutes: float = 2, by: str | None = "Ana Costa", of: int | None = 1, **changes: Any) -> Answer:
    """An answer so many minutes after `NOW`, of the first assignment."""
    return Answer(kind, of, NOW + timedelta(minutes=minutes), by, **changes)


def history(*answers: Answer, turns: tuple[Turn, ...] = (), **changes: Any) -> History:
    """A handoff of one turn, unless others are given."""
    return History("ho_1", "123", make(), turns or (turn(),), answers, **changes)


def texts(blocks: list[dict[str, Any]]) -> list[str]:
    """Every text of a message, from top to bottom; a button's in brackets."""
    found: list[str] = []
    for block in blocks:
        held = [block["text"]] if "text" in block else block.get("fields") or block.get("elements", [])
        found += [f"[{each['text']['text']}]" if each["type"] == "button" else each["text"] for each in held]
    return found
