"""Send what the outbox holds for Slack: cards, what follows them, notes to a rep, and the review channel's."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from handoff import clock
from handoff.clients.slack import SlackHook
from handoff.ledger import inbox
from handoff.ledger.attempt import Ended
from handoff.ledger.db import Connection
from handoff.ledger.drain import BUDGET_S, drain
from handoff.ledger.outbox import Sender
from handoff.notify.alert import REVIEW
from handoff.notify.card_senders import EraseSender, LineSender, UpdateSender, wait_for_cards
from handoff.notify.cards import CALL, CHANNEL, DM, FILE, LINES, THREAD, UPDATE, WHISPER
from handoff.notify.digests import DIGEST, ended, gather
from handoff.notify.erasing import ERASE
from handoff.notify.file_sender import FileSender
from handoff.notify.given_up import tell
from handoff.notify.senders import NOTE, MessageSender, Payload, WhisperSender

AT_ONCE = (DM, DIGEST, CALL, NOTE, WHISPER)
"""What a rep waits for. The other kinds give way to the next lead."""
KINDS = (*AT_ONCE, CHANNEL, UPDATE, THREAD, REVIEW, FILE, ERASE)
"""In the order in which they go out: reps first."""
ANSWERS = (WHISPER, UPDATE, *LINES)
"""What somebody who has just pressed a button waits for."""
TOLD_IF_GIVEN_UP = frozenset({DM, CALL, NOTE, CHANNEL})


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
        gives_way: leave what no rep waits for, but for one of it, when news of a lead comes in, or when all of it
            together has had a kind's time: the line reads the news once this has ended, and the rest goes out with that
            run. The kind that has been due longest comes first then.
    """
    since, is_over = now(), None
    if gives_way:
        kinds = [kind for kind in (*AT_ONCE, *_longest_due(connection, since)) if kind in kinds]
    slack = slack or SlackHook()
    counts = {"sent": 0, "pending": 0, "dead": 0}
    reps = 0
    for kind in kinds:
        if kind in (UPDATE, *LINES, FILE, ERASE):
            wait_for_cards(connection, kind, now())
        if kind == DM:
            gather(connection, now())
        if gives_way and is_over is None and kind not in AT_ONCE:
            is_over = _patience(connection, since)
        sender, on_end = _sender(connection, slack, kind, now), _on_end(kind, now)
        drained = drain(connection, kind, sender, now, on_end, is_over)
        counts = {name: count + drained[name] for name, count in counts.items()}
        if kind in (DM, DIGEST):
            reps += drained["sent"]
    return counts | {"reps": reps}


def _longest_due(connection: Connection, as_of: datetime) -> list[str]:
    """The kinds that no rep waits for: the one with the oldest effect that is due first."""
    rest = [kind for kind in KINDS if kind not in AT_ONCE]
    rows = connection.execute(
        """select kind from handoff.outbox where kind = any(%s) and state = 'pending' and not_before <= %s
        group by kind order by min(not_before)""",
        (rest, as_of),
    ).fetchall()
    return list(dict.fromkeys([*(row["kind"] for row in rows), *rest]))


def _patience(connection: Connection, since: datetime) -> Callable[[], bool]:
    """What to ask before each item: never over before the first, so that something gets on in each run."""
    asked = 0
    ends = time.monotonic() + BUDGET_S

    def is_over() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1 and (time.monotonic() > ends or inbox.has_news(connection, since))

    return is_over


def _on_end(kind: str, now: Callable[[], datetime]) -> Ended | None:
    if kind == DIGEST:
        return partial(ended, now())
    return partial(tell, now()) if kind in TOLD_IF_GIVEN_UP else None


def _sender(connection: Connection, slack: SlackHook, kind: str, now: Callable[[], datetime]) -> Sender:
    if kind == UPDATE:
        return UpdateSender(connection, slack, now)
    if kind in LINES:
        return LineSender(connection, slack, now, names_rep=kind == CALL)
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
