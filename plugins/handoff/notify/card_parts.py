"""Block Kit's pieces as the messages use them; every text is escaped already.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Sequence
from typing import Any

from handoff.notify.card_state import ACCEPT, CONTACTED, REJECT, SNOOZE, State
from handoff.notify.moments import business_time
from handoff.notify.text import cut

HEADER, SECTION, BUTTON = 150, 3000, 75
ANSWERS = "handoff_answers"
"""Beginning of the buttons' `block_id`, which a message may hold once."""

Block = dict[str, Any]


def plain(text: str, limit: int) -> Block:
    """A text object in which no character formats, links or mentions."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def header(text: str) -> Block:
    """A large line."""
    return {"type": "header", "text": plain(text, HEADER)}


def section(lines: Sequence[str]) -> Block:
    """Lines of text."""
    return {"type": "section", "text": plain("\n".join(lines), SECTION)}


def small(lines: Sequence[str]) -> Block:
    """Lines in small print."""
    return {"type": "context", "elements": [plain("\n".join(lines), SECTION)]}


def buttons(state: State) -> list[Block]:
    """A block with what may be pressed; none when nothing may. Each button's value is the assignment."""
    labels = {
        ACCEPT: "Accept",
        CONTACTED: "I've contacted them",
        SNOOZE: f"Snooze {business_time(state.snooze_minutes)}",
        REJECT: "Reject",
    }
    styles = {ACCEPT: {"style": "primary"}, REJECT: {"style": "danger"}}
    elements = [
        {
            "type": "button",
            "action_id": action,
            "text": plain(labels[action], BUTTON),
            "value": str(state.assignment_id),
            **styles.get(action, {}),
        }
        for action in state.actions
    ]
    return (
        [{"type": "actions", "block_id": f"{ANSWERS}:{state.assignment_id}", "elements": elements}] if elements else []
    )
