"""What becomes of a handoff, a line each below its cards: in the rep's own zone, and escaped.

Nobody is told in their own conversation what they did themselves; the team's copy has every line. When much happens at
once, as after an outage, a rep's conversation gets no more lines in a while than the agreement allows notes, except
that a lead of theirs asked for sales again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal
from zoneinfo import ZoneInfo

from handoff.ledger.db import Connection
from handoff.notify import cards, history
from handoff.notify.card_state import NAME, contact_line, reason_of, told_by
from handoff.notify.context import BadContext
from handoff.notify.history import Answer, History, Turn
from handoff.notify.moments import deadline, told_at, zone
from handoff.notify.text import slack_text

Because = Literal["undelivered", "outage"]
Text = Callable[[History, Turn, ZoneInfo], str]
GIVEN_BACK: dict[Because, str] = {
    "undelivered": "the message had come late",
    "outage": "nobody was at the clocks for a while",
}
SUMMARY = 160
NOBODY = "Nobody else may take it now; the review channel knows"
DID = {"accepted": "accepted it", "rejected": "rejected it", "declined": "handed it on"}


@dataclass(frozen=True)
class Room:
    """What each person was told in the agreement's window after their cards, by Slack id, and how much at most; None is
    without end.

    Attributes:
        told: notes, and lines that name them: what calls for something.
        said: other lines in their conversation. Before these, nothing that calls for something has to wait.
    """

    told: Counter[str]
    said: Counter[str]
    most: int | None

    def for_note(self, slack_user_id: str) -> bool:
        """Whether somebody may be called for something more."""
        return self.most is None or self.told[slack_user_id] < self.most

    def for_line(self, slack_user_id: str) -> bool:
        """Whether one line more may be said to somebody."""
        return self.most is None or self.told[slack_user_id] + self.said[slack_user_id] < self.most


def room(connection: Connection, as_of: datetime) -> Room:
    """What people were told lately, by notes of the ladder and lines below their cards."""
    policy = connection.execute(
        """select max_alerts, alert_window_minutes from agreement.handoff_policy
        where valid_from <= %(at)s and %(at)s < valid_to limit 1""",
        {"at": as_of},
    ).fetchone()
    if policy is None:
        return Room(Counter(), Counter(), None)
    rows = connection.execute(
        """select payload ->> 'slack_user_id' as slack_user_id, count(*) as lines,
            count(*) filter (where kind <> 'slack_thread') as notes
        from handoff.outbox
        where (starts_with(dedupe_key, %(ladder)s) or kind = any(%(lines)s)) and payload ? 'slack_user_id'
        and created_at > %(at)s - make_interval(mins => %(minutes)s) group by 1""",
        {"ladder": cards.LADDER, "lines": list(cards.LINES), "at": as_of, "minutes": policy["alert_window_minutes"]},
    ).fetchall()
    told = Counter({row["slack_user_id"]: row["notes"] for row in rows})
    said = Counter({row["slack_user_id"]: row["lines"] - row["notes"] for row in rows})
    return Room(told, said, policy["max_alerts"])


def contacted(connection: Connection, handoff_id: str, assignment_id: int, is_own: bool, as_of: datetime) -> None:
    """First contact; below the cards of the rep whose clock it stopped and of the one who has the lead now.

    Args:
        is_own: whether the rep made it.
    """

    def text(told: History, turn: Turn, local: ZoneInfo) -> str:
        answer = told.of_handoff("contacted")
        assert answer is not None
        return contact_line(told, answer)

    kinds = (cards.CHANNEL,) if is_own else cards.CARDS
    _below(connection, handoff_id, assignment_id, "contacted", text, as_of, kinds)
    newest = history.turns_of(connection, handoff_id)[-1].assignment_id
    if newest != assignment_id:
        _below(connection, handoff_id, newest, "contacted", text, as_of)


def breached(connection: Connection, handoff_id: str, assignment_id: int, as_of: datetime, room: Room | None) -> None:
    """A deadline that passed."""

    def text(told: History, turn: Turn, local: ZoneInfo) -> str:
        return f"Deadline missed: nobody was in touch by {deadline(turn.due_at, local, as_of)}"

    _below(connection, handoff_id, assignment_id, "breached", text, as_of, room=room)


def went_on(
    connection: Connection, handoff_id: str, assignment_id: int, as_of: datetime, room: Room | None = None
) -> None:
    """The lead was given to another rep; below the cards of the one who had it."""

    def text(told: History, turn: Turn, local: ZoneInfo) -> str:
        until = deadline(told.current.due_at, local, as_of)
        return f"It went to {slack_text(told.current.rep_name, NAME)}, who has until {until}"

    _below(connection, handoff_id, assignment_id, "went_on", text, as_of, room=room)


def moved(
    connection: Connection, handoff_id: str, assignment_id: int, because: Because, as_of: datetime, room: Room | None
) -> None:
    """A deadline that is later now."""

    def text(told: History, turn: Turn, local: ZoneInfo) -> str:
        return f"Time is given back, as {GIVEN_BACK[because]}: call by {deadline(turn.due_at, local, as_of)}"

    _below(connection, handoff_id, assignment_id, f"moved:{as_of.isoformat()}", text, as_of, room=room)


@dataclass(frozen=True)
class Act:
    """What a lead did, as the vendor's text says it, and when."""

    activity_id: str
    summary: str
    at: datetime

    @property
    def key(self) -> str:
        """Another one for another act; without its id, which may be the contact's, as keys outlive an erasure."""
        return f"hand:{sha256(self.activity_id.encode()).hexdigest()[:16]}"


def raised_a_hand(
    connection: Connection,
    handoff_id: str,
    act: Act,
    as_of: datetime,
    room: Room | None,
    kinds: tuple[str, ...] = cards.CARDS,
) -> int:
    """The lead asked for sales again, which calls the rep who has it, whatever else they were told; returns how many
    lines are new."""

    def text(told: History, turn: Turn, local: ZoneInfo) -> str:
        return f"They raised a hand again, {told_at(act.at, local, as_of)}: {slack_text(act.summary, SUMMARY)}"

    newest = history.turns_of(connection, handoff_id)[-1].assignment_id
    return _below(connection, handoff_id, newest, act.key, text, as_of, kinds, room, mentions=True)


def answered_in_crm(
    connection: Connection,
    handoff_id: str,
    assignment_id: int,
    kind: str,
    owner_id: str | None,
    as_of: datetime,
    *,
    is_again: bool = False,
) -> None:
    """What was answered in HubSpot, and who has the lead now.

    Args:
        owner_id: who answered, by their id as an owner there.
        is_again: it was handed on before, when nobody else could take it.
    """

    def text(told: History, turn: Turn, local: ZoneInfo) -> str:
        answer = next(each for each in reversed(told.of(turn, kind)))
        after = told.after(turn)
        to = f"It goes to {slack_text(after.rep_name, NAME)}" if after else NOBODY
        return f"{told_by(answer)} {DID[kind]} in HubSpot{_why(answer)}{f'. {to}' if kind == 'declined' else ''}"

    (turn,) = (each for each in history.turns_of(connection, handoff_id) if each.assignment_id == assignment_id)
    kinds = (cards.CHANNEL,) if owner_id == turn.crm_owner_id else cards.CARDS
    _below(connection, handoff_id, assignment_id, f"{kind}:crm{':again' * is_again}", text, as_of, kinds)


def _why(answer: Answer) -> str:
    return f": {reason_of(answer)}" if answer.kind != "accepted" else ""


def _below(
    connection: Connection,
    handoff_id: str,
    assignment_id: int,
    key: str,
    text: Text,
    as_of: datetime,
    kinds: tuple[str, ...] = cards.CARDS,
    room: Room | None = None,
    mentions: bool = False,
) -> int:
    try:
        told = history.read(connection, handoff_id, as_of)
    except BadContext:
        # Its cards could not be written either, and a clock stops for nothing.
        return 0
    turn = told.turn(assignment_id)
    rep = turn.slack_user_id or ""
    # What names them is said once only: nobody would try it again.
    if room is not None and not mentions and not room.for_line(rep):
        kinds = (cards.CHANNEL,)
    words = text(told, turn, zone(turn.time_zone))
    said = cards.say(connection, handoff_id, assignment_id, key, words, as_of, kinds, mentions=mentions)
    if room is not None and said and cards.DM in kinds:
        (room.told if mentions else room.said)[rep] += 1
    return said
