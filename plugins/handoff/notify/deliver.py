"""Send what the outbox holds for Slack: cards, what follows them, notes to a rep, and the review channel's."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from handoff import clock
from handoff.clients.slack import SlackHook
from handoff.ledger import inbox
from handoff.ledger.attempt import Ended
from handoff.ledger.db import Connection
from handoff.ledger.drain import drain
from handoff.ledger.outbox import Sender
from handoff.notify.alert import REVIEW
from handoff.notify.card_senders import EraseSender, ThreadSender, UpdateSender, wait_for_cards
from handoff.notify.cards import CHANNEL, DM, FILE, THREAD, UPDATE, WHISPER
from handoff.notify.digests import DIGEST, ended, gather
from handoff.notify.erasing import ERASE
from handoff.notify.file_sender import FileSender
from handoff.notify.given_up import tell, tell_of_calls
from handoff.notify.senders import NOTE, MessageSender, Payload, WhisperSender

KINDS = (DM, DIGEST, NOTE, WHISPER, CHANNEL, UPDATE, THREAD, REVIEW, FILE, ERASE)
"""In the order in which they go out: reps first."""
AT_ONCE = (DM, DIGEST, NOTE, WHISPER)
"""What a rep waits for. The other kinds give way to the next lead."""
ANSWERS = (WHISPER, UPDATE, THREAD)
"""What somebody who has just pressed a button waits for."""
TOLD_IF_GIVEN_UP = frozenset({DM, NOTE, CHANNEL})


def deliver(
    connection: Connection,
    slack: SlackHook | None = None,
    now: Callable[[], datetime] = clock.now,
    kinds: Sequence[str] = KINDS,
    gives_way: bool = False,
) -> dict[str, int]:
    """Send what is due, reps first, and return counts: `sent`, `dead` (given up now), `pending` (still waiting), and
    `reps`, the messages sent that tell a rep about a lead. Updates and lines below a card are not counted as sent.

    A message to a rep or the channel that is given up is told to the review channel: whose it was, and why. So is a
    line that names a rep.

    Args:
        gives_way: leave what no rep waits for, but for one of each kind, when news of a lead comes in: the line reads
            them once this has ended, and the rest goes out with that run.
    """
    has_news = partial(inbox.has_news, connection, now()) if gives_way else None
    slack = slack or SlackHook()
    counts = {"sent": 0, "pending": 0, "dead": 0}
    reps = 0
    for kind in kinds:
        if kind in (UPDATE, THREAD, FILE, ERASE):
            wait_for_cards(connection, kind, now())
        if kind == DM:
            gather(connection, now())
        sender, on_end = _sender(connection, slack, kind, now), _on_end(kind, now)
        drained = drain(connection, kind, sender, now, on_end, None if kind in AT_ONCE else has_news)
        counts = {name: count + drained[name] for name, count in counts.items()}
        if kind in (DM, DIGEST):
            reps += drained["sent"]
    return counts | {"reps": reps}


def _on_end(kind: str, now: Callable[[], datetime]) -> Ended | None:
    if kind == DIGEST:
        return partial(ended, now())
    if kind == THREAD:
        return partial(tell_of_calls, now())
    return partial(tell, now()) if kind in TOLD_IF_GIVEN_UP else None


def _sender(connection: Connection, slack: SlackHook, kind: str, now: Callable[[], datetime]) -> Sender:
    if kind == UPDATE:
        return UpdateSender(connection, slack, now)
    if kind == THREAD:
        return ThreadSender(connection, slack, now)
    if kind == ERASE:
        return EraseSender(connection, slack, now)
    if kind == FILE:
        return FileSender(connection, slack, now, _content)
    if kind == WHISPER:
        return WhisperSender(slack)
    return MessageSender(connection, slack, kind, now)


def _content(connection: Connection, payload: Payload) -> bytes:
    # Charts and print load slowly and are needed once a week.
    from handoff.review.pack import posting

    return posting.content(connection, payload)
