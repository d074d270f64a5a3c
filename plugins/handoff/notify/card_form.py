"""The form that asks why a lead is rejected, and what somebody filled in.

Views: https://docs.slack.dev/reference/views/modal-views
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handoff.notify.card_parts import plain, section
from handoff.notify.text import clean, slack_text

REJECTED = "handoff_rejected"
"""The form's `callback_id`."""
REASON, NOTE = "reason", "note"
"""Its fields' `block_id`."""
LONGEST_NOTE = 500
OPTION, MOST_OPTIONS, LONGEST_VALUE = 75, 100, 150
REROUTE = "reroute"

Json = dict[str, Any]


@dataclass(frozen=True)
class Reason:
    """A row of the agreement's `rejection_reasons`; `next_step` is recycle or reroute."""

    reason_id: str
    label: str
    next_step: str


@dataclass(frozen=True)
class Filled:
    """A submitted form. `seen` is how many answers the handoff had when the form was opened; `note` is untrusted."""

    assignment_id: int
    seen: int
    reason_id: str
    note: str


def form(assignment_id: int, seen: int, whom: str, reasons: Sequence[Reason]) -> Json:
    """The modal, with the reasons in their order. `whom` is the lead's name, not escaped."""
    return {
        "type": "modal",
        "callback_id": REJECTED,
        "private_metadata": f"{assignment_id}:{seen}",
        "title": plain("Reject this lead", 24),
        "submit": plain("Reject", 24),
        "close": plain("Keep it", 24),
        "blocks": [
            section([slack_text(whom, 150, empty="(no name)")]),
            {
                "type": "input",
                "block_id": REASON,
                "label": plain("Why?", 2000),
                "element": {
                    "type": "static_select",
                    "action_id": REASON,
                    "placeholder": plain("Choose a reason", 150),
                    "options": [_option(each) for each in reasons if len(each.reason_id) <= LONGEST_VALUE][
                        :MOST_OPTIONS
                    ],
                },
            },
            {
                "type": "input",
                "block_id": NOTE,
                "optional": True,
                "label": plain("Anything to add?", 2000),
                "element": {
                    "type": "plain_text_input",
                    "action_id": NOTE,
                    "multiline": True,
                    "max_length": LONGEST_NOTE,
                },
            },
        ],
    }


def filled(view: Json) -> Filled | None:
    """What somebody submitted; None when it is none of ours, or broken."""
    assignment_id, _, seen = str(view.get("private_metadata")).partition(":")
    if view.get("callback_id") != REJECTED or not (is_number(assignment_id) and is_number(seen)):
        return None
    chosen = _given(view, REASON).get("selected_option")
    reason_id = chosen.get("value") if isinstance(chosen, dict) else None
    return Filled(int(assignment_id), int(seen), str(reason_id or ""), clean(_given(view, NOTE).get("value")))


def is_number(text: object) -> bool:
    """Whether a text of Slack's is a number as we write them, and one that the ledger can hold."""
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 18


def _given(view: Json, name: str) -> Json:
    found: Any = view.get("state")
    for step in ("values", name, name):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _option(reason: Reason) -> Json:
    follows = "Another rep gets it" if reason.next_step == REROUTE else "Ends here, and goes back to marketing"
    label = slack_text(reason.label, OPTION, empty=reason.reason_id)
    return {"text": plain(label, OPTION), "value": reason.reason_id, "description": plain(follows, OPTION)}
