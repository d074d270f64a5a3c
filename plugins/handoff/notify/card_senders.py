"""What follows a message that stands in Slack: its update in place, lines below it, and its erasure."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from handoff import crash
from handoff.clients.slack import SlackHook
from handoff.clients.slack_errors import Refused, SlackError
from handoff.ledger.db import Connection, Row, only_one
from handoff.ledger.outbox import CannotLook, Done, NotDelivered, Outcome, Permanent
from handoff.notify.card import said, who
from handoff.notify.context import Context
from handoff.notify.erasing import ERASED
from handoff.notify.senders import Now, Payload, rendered, tried

GONE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "cannot_reply_to_message"}
)
"""Errors for a message that a person deleted, or that can no longer be changed: there is nothing left to do."""
AGAIN_S = 15.0
"""How soon to ask again for a card that is on its way."""


def wait_for_cards(connection: Connection, kind: str, as_of: datetime) -> int:
    """Put off the effects of a kind whose cards are on their way themselves; returns how many."""
    waiting = connection.execute(
        """update handoff.outbox as effect set not_before = %(at)s + %(again)s * interval '1 second'
        from handoff.outbox as card
        where effect.kind = %(kind)s and effect.state = 'pending' and effect.not_before <= %(at)s
        and card.dedupe_key = effect.payload ->> 'message' and card.state = 'pending'""",
        {"at": as_of, "again": AGAIN_S, "kind": kind},
    ).rowcount
    crash.point("notify.cards.waited")
    return waiting


class CardSender(ABC):
    """What follows a card that stands in Slack; a card that a person deleted is followed by nothing."""

    def __init__(self, connection: Connection, slack: SlackHook, now: Now):
        self._connection = connection
        self._slack = slack
        self._now = now

    def send(self, payload: Payload, dedupe_key: str) -> Outcome:
        """Do it once the card stands."""
        source = self._source(payload)
        if source is None or source["state"] in ("dead", "withdrawn"):
            return Permanent("its card was never delivered")
        if source["state"] != "sent":
            return NotDelivered("its card is still on its way", AGAIN_S)
        outcome, code = self._follow(source, payload, dedupe_key)
        return Done({**source["result"], "gone": code}, "gone") if code in GONE else outcome

    @abstractmethod
    def _follow(self, source: Row, payload: Payload, dedupe_key: str) -> tuple[Outcome, str]:
        """Do it; the outcome, and Slack's word for what was wrong."""

    def _source(self, payload: Payload) -> Row | None:
        return self._connection.execute(
            """select coalesce(digest.kind, card.kind) as kind, coalesce(digest.payload, card.payload) as payload,
                card.state, card.result, digest.dedupe_key as digest, card.payload -> 'context' as context
            from handoff.outbox as card
            left join handoff.outbox as digest on digest.dedupe_key = card.payload ->> 'digest'
            where card.dedupe_key = %s""",
            (payload["message"],),
        ).fetchone()


class UpdateSender(CardSender):
    """Brings a card up to date, in place."""

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Nothing to look for: doing it again changes nothing."""
        return None

    def _follow(self, source: Row, payload: Payload, dedupe_key: str) -> tuple[Outcome, str]:
        # One at a time for each card, so that no older state arrives after a newer one.
        with only_one(self._connection, f"card:{source['digest'] or payload['message']}") as is_free:
            if not is_free:
                return NotDelivered("another process brings this card up to date", 1.0), ""
            made = rendered(self._connection, source["kind"], source["payload"], self._now())
            place = source["result"]

            def bring() -> dict[str, Any]:
                self._slack.update(place["channel"], place["ts"], made.text, made.blocks)
                return {"channel": place["channel"], "ts": place["ts"]}

            return tried(bring, "updated")


class EraseSender(CardSender):
    """Replaces the text of a message about somebody who was erased."""

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Nothing to look for: doing it again changes nothing."""
        return None

    def _follow(self, source: Row, payload: Payload, dedupe_key: str) -> tuple[Outcome, str]:
        place = source["result"]

        def bring() -> dict[str, Any]:
            self._slack.update(place["channel"], place["ts"], ERASED, [])
            return {"channel": place["channel"], "ts": place["ts"]}

        return tried(bring, "erased")


class LineSender(CardSender):
    """Says something below a card."""

    def __init__(self, connection: Connection, slack: SlackHook, now: Now, *, names_rep: bool):
        super().__init__(connection, slack, now)
        self._names_rep = names_rep

    def look(self, payload: Payload, dedupe_key: str, since: datetime) -> Done | None:
        """Find the line that an earlier attempt may have posted."""
        source = self._source(payload)
        if source is None or source["state"] != "sent":
            return None
        place = source["result"]
        try:
            found = self._slack.find(place["channel"], dedupe_key, since, place["ts"])
        except Refused as problem:
            if problem.code in GONE:
                return Done({**place, "gone": problem.code}, "gone")
            raise CannotLook(str(problem)) from problem
        except SlackError as problem:
            raise CannotLook(str(problem)) from problem
        return Done(found, "said") if found else None

    def _follow(self, source: Row, payload: Payload, dedupe_key: str) -> tuple[Outcome, str]:
        place, text = source["result"], str(payload["text"])
        if source["digest"]:
            text = f"{who(Context.from_json(source['context']))}: {text}"
        blocks = said(text, str(payload["slack_user_id"]) if self._names_rep else "")
        return tried(lambda: self._slack.post(place["channel"], text, blocks, dedupe_key, place["ts"]), "said")
