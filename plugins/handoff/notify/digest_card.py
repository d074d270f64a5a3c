"""A digest as Block Kit: for each lead who, what happened, by when to call, and the buttons of its card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handoff.notify.card import FALLBACK, Card, small_link, who
from handoff.notify.card_details import LINE
from handoff.notify.card_parts import Block, buttons, header, section
from handoff.notify.card_state import State
from handoff.notify.context import Context
from handoff.notify.moments import deadline, moment, zone
from handoff.notify.text import cut, slack_text

HEAD = "The hottest first. So many at once come as one message."


@dataclass(frozen=True)
class Entry:
    """One lead of a digest, as its card would have it."""

    context: Context
    due_at: datetime
    time_zone: str
    state: State


def digest(entries: Sequence[Entry], as_of: datetime) -> Card:
    """One message about several leads; every moment is shown in the rep's zone."""
    title = f"{len(entries)} leads are yours"
    blocks = [header(title), section([HEAD])]
    for entry in entries:
        blocks += _blocks(entry, as_of)
    names = [who(entry.context) for entry in entries if entry.state.shows_lead]
    return Card(cut(f"{title}: {'; '.join(names)}", FALLBACK), blocks)


def _blocks(entry: Entry, as_of: datetime) -> list[Block]:
    state, context = entry.state, entry.context
    if not state.shows_lead:
        return [section(state.lines)]
    local = zone(entry.time_zone)
    call_by = f"Call by {deadline(entry.due_at, local, as_of)}"
    happened = f"{slack_text(context.trigger.summary, LINE)} ({moment(context.trigger.occurred_at, local, as_of)})"
    lines = [who(context), *state.lines, *([call_by] if state.is_open else []), happened]
    return [{"type": "divider"}, section(lines), *small_link(context), *buttons(state)]
