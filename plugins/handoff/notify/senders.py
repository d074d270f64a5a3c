"""How each kind of message reaches Slack, and how one that may have reached it is found again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import NoClearAnswer, NotSent, Refused, SlackError
from handoff.ledger.db import Connection, Row
from handoff.ledger.outbox import CannotLook, Done, NotDelivered, Outcome, Permanent, Unknown
from handoff.notify import flood_card, history
from handoff.notify.alert import REVIEW
from handoff.notify.card import Card, card, said
from handoff.notify.card_parts import Block
from handoff.notify.card_state import state_of
from handoff.notify.cards import CHANNEL, DM
from handoff.notify.context import Context
from handoff.notify.digest_card import Entry, digest
from handoff.notify.digests import DIGEST
from handoff.notify.moments import zone

NOTE = "slack_note"
DIRECT = (DM, DIGEST, NOTE)
"""Kinds that go to one person."""
RENDERED = (DM, DIGEST, CHANNEL)
"""Kinds that say what the ledger holds when they are sent."""
UNREADABLE_CARD = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long"})
"""Errors after which the same message goes out once more as plain text: it was certainly not posted."""
Payload = dict[str, Any]
Now = Callable[[], datetime]


def tried(exchange: Callable[[], dict[str, Any]], label: str = "sent") -> tuple[Outcome, str]:
    """The outcome of an exchange with Slack, and Slack's word for what was wrong."""
    try:
        return Done(exchange(), label), ""
    except NotSent as problem:
        return NotDelivered(str(problem), problem.retry_after_s, problem.is_vendor_wide), ""
    except Refused as problem:
        return Permanent(str(problem)), problem.code
    except NoClearAnswer as problem:
        return Unknown(str(problem)), ""


def rendered(connection: Connection, kind: str, payload: Payload, as_of: datetime) -> Card:
    """An assignment's card, a digest of several, or the breaker's question, as the ledger has it at `as_of`.

    Raises:
        KeyError, TypeError, ValueError, OverflowError: the payload or the stored context cannot be read.
    """
    if kind == REVIEW:
        return flood_card.question(connection, int(payload["flood_id"]), as_of)
    if kind == DIGEST:
        return digest([_entry(connection, each, as_of) for each in _cards(connection, payload["cards"])], as_of)
    found = payload.get("assignment_id")
    handoff_id = history.handoff_of(connection, int(found)) if found is not None else None
    rep_name = str(payload["rep_name"]) if kind == CHANNEL else None
    if handoff_id is None:
        due_at, time_zone = datetime.fromisoformat(payload["due_at"]), str(payload["time_zone"])
        return card(Context.from_json(payload["context"]), due_at, time_zone, as_of, rep_name)
    told = history.read(connection, handoff_id, as_of)
    turn = told.turn(int(payload["assignment_id"]))
    state = state_of(told, turn, zone(turn.time_zone), as_of)
    return card(told.context, turn.due_at, turn.time_zone, as_of, rep_name, state)


def _cards(connection: Connection, keys: Sequence[str]) -> list[Row]:
    return connection.execute(
        "select payload from handoff.outbox where dedupe_key = any(%(keys)s) "
        "order by array_position(%(keys)s, dedupe_key)",
        {"keys": list(keys)},
    ).fetchall()


def _entry(connection: Connection, card: Row, as_of: datetime) -> Entry:
    assignment_id = int(card["payload"]["assignment_id"])
    handoff_id = history.handoff_of(connection, assignment_id)
    if handoff_id is None:
        raise ValueError(f"assignment {assignment_id} is not in the ledger")
    told = history.read(connection, handoff_id, as_of)
    turn = told.turn(assignment_id)
    return Entry(told.context, turn.due_at, turn.time_zone, state_of(told, turn, zone(turn.time_zone), as_of))


class MessageSender:
    """Posts a message: a card, a note to a rep, or a word to the review channel.

    :param now: decides what a card calls today.
    """

    def __init__(self, connection: Connection, slack: SlackHook, kind: str, now: Now):
        self._connection = connection
        self._slack = slack
        self._kind = kind
        self._now = now

    def send(self, payload: Payload, dedupe_key: str) -> Outcome:
        """Post the message; what cannot be rendered or addressed was not sent."""
        try:
            text, blocks = self._message(payload)
            # A member's id is an address too; the answer names the direct channel.
            address = str(payload["slack_user_id"] if self._kind in DIRECT else payload["channel"])
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            return Permanent(f"unreadable payload: {type(problem).__name__}: {problem}")
        outcome, code = tried(lambda: self._slack.post(address, text, blocks, dedupe_key))
        # A digest without its buttons is worth less than its cards.
        if blocks and code in UNREADABLE_CARD and self._kind != DIGEST:
            outcome, _ = tried(lambda: self._slack.post(address, text, None, dedupe_key))
        return outcome

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Find the message an earlier attempt may have posted."""
        try:
            if self._kind in DIRECT:
                channel = self._slack.open_dm(payload["slack_user_id"])
            else:
                channel = self._slack.channel_id(payload["channel"])
            found = self._slack.find(channel, dedupe_key, since)
        except SlackError as problem:
            raise CannotLook(str(problem)) from problem
        return Done(found) if found else None

    def _message(self, payload: Payload) -> tuple[str, list[Block] | None]:
        if self._kind not in RENDERED and "flood_id" not in payload:
            text = str(payload["text"])
            return text, payload.get("blocks") or said(text)
        made = rendered(self._connection, self._kind, payload, self._now())
        return made.text, made.blocks


class WhisperSender:
    """Shows one person a sentence. No history holds it, so that a second try after a lost answer may show it twice."""

    def __init__(self, slack: SlackHook):
        self._slack = slack

    def send(self, payload: Payload, dedupe_key: str) -> Outcome:
        """Show it."""
        channel, user, text = (str(payload[name]) for name in ("channel", "user", "text"))
        outcome, _ = tried(
            lambda: {"channel": channel, "ts": self._slack.whisper(channel, user, text, said(text))}, "whispered"
        )
        return outcome

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Nothing to look at."""
        return None
