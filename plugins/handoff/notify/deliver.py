"""Send what the outbox holds for Slack: the rep's message, its copy, notes to a rep, and the review channel's."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from handoff import clock
from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import NoClearAnswer, NotSent, Refused, SlackError
from handoff.ledger.db import Connection
from handoff.ledger.drain import drain
from handoff.ledger.outbox import CannotLook, Done, NotDelivered, Outcome, Permanent, Unknown
from handoff.notify.alert import REVIEW
from handoff.notify.card import Block, Card, card
from handoff.notify.context import Context
from handoff.notify.given_up import tell

DM, CHANNEL, NOTE = "slack_dm", "slack_channel", "slack_note"
UNREADABLE_CARD = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long"})
"""Errors after which the same message goes out once more as plain text: it was certainly not posted."""

Payload = dict[str, Any]


class SlackSender:
    """Sends one kind of message through a hook; `now` decides what a card calls today."""

    def __init__(self, slack: SlackHook, kind: str, now: Callable[[], datetime]):
        self._slack = slack
        self._kind = kind
        self._now = now

    def send(self, payload: Payload, dedupe_key: str) -> Outcome:
        """Post the message; what cannot be rendered or addressed was not sent."""
        try:
            text, blocks = self._message(payload)
            # A member's id is an address too; the answer names the direct channel.
            address = str(payload["slack_user_id"] if self._kind in (DM, NOTE) else payload["channel"])
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            return Permanent(f"unreadable payload: {type(problem).__name__}: {problem}")
        outcome, code = self._post(address, text, blocks, dedupe_key)
        if blocks and code in UNREADABLE_CARD:
            outcome, _ = self._post(address, text, None, dedupe_key)
        return outcome

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Find the message an earlier attempt may have posted."""
        try:
            if self._kind in (DM, NOTE):
                channel = self._slack.open_dm(payload["slack_user_id"])
            else:
                channel = self._slack.channel_id(payload["channel"])
            found = self._slack.find(channel, dedupe_key, since)
        except SlackError as problem:
            raise CannotLook(str(problem)) from problem
        return Done(found) if found else None

    def _post(self, address: str, text: str, blocks: list[Block] | None, dedupe_key: str) -> tuple[Outcome, str]:
        """The outcome, and Slack's word for what was wrong."""
        try:
            return Done(self._slack.post(address, text, blocks, dedupe_key)), ""
        except NotSent as problem:
            return NotDelivered(str(problem), problem.retry_after_s, problem.is_vendor_wide), ""
        except Refused as problem:
            return Permanent(str(problem)), problem.code
        except NoClearAnswer as problem:
            return Unknown(str(problem)), ""

    def _message(self, payload: Payload) -> tuple[str, list[Block] | None]:
        if self._kind in (REVIEW, NOTE):
            return str(payload["text"]), payload.get("blocks")
        made: Card = card(
            Context.from_json(payload["context"]),
            datetime.fromisoformat(payload["due_at"]),
            str(payload["time_zone"]),
            self._now(),
            rep_name=str(payload["rep_name"]) if self._kind == CHANNEL else None,
        )
        return made.text, made.blocks


def deliver(
    connection: Connection, slack: SlackHook | None = None, now: Callable[[], datetime] = clock.now
) -> dict[str, int]:
    """Send what is due, reps first, and return counts: `sent`, `dead` (given up now), `pending` (still waiting), and
    `reps`, the messages sent that tell a rep about a lead.

    A message that is given up is told to the review channel: whose it was, and why.
    """
    slack = slack or SlackHook()
    counts = {"sent": 0, "pending": 0, "dead": 0}
    reps = 0
    for kind in (DM, NOTE, CHANNEL, REVIEW):
        drained = drain(
            connection,
            kind,
            SlackSender(slack, kind, now),
            now,
            on_dead=None if kind == REVIEW else partial(tell, now()),
        )
        counts = {name: count + drained[name] for name, count in counts.items()}
        if kind == DM:
            reps = drained["sent"]
    return counts | {"reps": reps}
