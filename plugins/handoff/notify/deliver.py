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

AT_ONCE = (DM, DIGEST)
"""What gives way to nothing: a rep's leads."""
SOON = (CALL, NOTE, WHISPER)
"""What else calls somebody. It comes before all that calls nobody."""
REST = (CHANNEL, UPDATE, THREAD, REVIEW, FILE, ERASE)
KINDS = (*AT_ONCE, *SOON, *REST)
"""In the order in which they go out: reps first."""
ANSWERS = (WHISPER, UPDATE, *LINES)
"""What somebody who has just pressed a button waits for."""
TOLD_IF_GIVEN_UP = frozenset({DM, CALL, NOTE, CHANNEL})


def deliver(
    connection: Connection,
    slack: SlackHook | None = None,
    now: Callable[[], datetime] = clock.now,
    kinds: Sequence[str] = KINDS,
    news_since: datetime | None = None,
) -> dict[str, int]:
    """Send what is due, reps first, and return counts: `sent`, `dead` (given up now), `pending` (still waiting), and
    `reps`, the messages sent that tell a rep about a lead. Updates and lines below a card are not counted as sent.

    A message to a rep or the channel that is given up is told to the review channel: whose it was, and why. So is a
    line that names a rep.

    Args:
        news_since: when news of a lead has come in since then, or after a kind's time, leave what is no rep's lead, but
            for one that calls somebody and one that does not: the line reads the news once this has ended, and goes on
            with the rest then. Of both, the kind that has been due longest comes first. None gives way to nothing.
    """
    over: dict[str, Callable[[], bool]] = {}
    if news_since:
        soon, rest = (_longest_due(connection, those, now()) for those in (SOON, REST))
        kinds = [kind for kind in (*AT_ONCE, *soon, *rest) if kind in kinds]
        for those in (soon, rest):
            over |= dict.fromkeys(those, _patience(connection, news_since))
    slack = slack or SlackHook()
    counts = {"sent": 0, "pending": 0, "dead": 0}
    reps = 0
    for kind in kinds:
        if kind in (UPDATE, *LINES, FILE, ERASE):
            wait_for_cards(connection, kind, now())
        if kind == DM:
            gather(connection, now())
        sender, on_end = _sender(connection, slack, kind, now), _on_end(kind, now)
        drained = drain(connection, kind, sender, now, on_end, over.get(kind))
        counts = {name: count + drained[name] for name, count in counts.items()}
        if kind in AT_ONCE:
            reps += drained["sent"]
    return counts | {"reps": reps}


def _longest_due(connection: Connection, kinds: Sequence[str], as_of: datetime) -> list[str]:
    """Kinds in the order of their oldest effect that is due; those without any last."""
    rows = connection.execute(
        """select kind from handoff.outbox where kind = any(%s) and state = 'pending' and not_before <= %s
        group by kind order by min(not_before)""",
        (list(kinds), as_of),
    ).fetchall()
    return list(dict.fromkeys([*(row["kind"] for row in rows), *kinds]))


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
