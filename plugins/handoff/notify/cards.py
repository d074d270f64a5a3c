"""What is said of a handoff after its first message: the cards brought up to date, and lines below them.

All of it is queued in the caller's transaction; a card says what the ledger holds when it is sent.
"""

from datetime import datetime

from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify.newer import newer_of

DM, CHANNEL = "slack_dm", "slack_channel"
"""Outbox kinds of an assignment's two cards: the rep's, and the copy in the team's channel."""
CARDS = (DM, CHANNEL)
UPDATE = "slack_update"
"""Outbox kind with payload `message`: the dedupe key of the card that is brought up to date."""
THREAD, CALL = "slack_thread", "slack_call"
"""Outbox kinds with payload `message`, below which it is said, and `text`, escaped; in a rep's own conversation also
`slack_user_id`, whom a call names, so that they hear of it at once."""
LINES = (THREAD, CALL)
"""Their dedupe keys begin alike: what is said once is not said again as the other."""
LADDER = "slack_note:ladder:"
"""Beginning of the dedupe keys of notes in which the ladder tells somebody who has no card."""
FILE = "slack_file"
"""Outbox kind with payload `message`, below which the file `name` is shared under `title`."""
WHISPER = "slack_ephemeral"
"""Outbox kind with payload `channel` and `user` as Slack's ids, and `text`, escaped: for one person's eyes."""


def refresh(connection: Connection, handoff_id: str, as_of: datetime) -> int:
    """Bring every card of a handoff that stands in Slack up to date; returns how many updates are new.

    Call it in the transaction that changes the state, after the change. A state that is on its way already is not
    queued again; cards that nobody has tried to send yet say the present state by themselves.
    """
    revision = _revision(connection, handoff_id, as_of)
    effects = [
        outbox.Effect(
            f"{UPDATE}:{card['dedupe_key']}:{revision}",
            UPDATE,
            {"message": card["dedupe_key"], "rep_name": card["rep_name"]},
            as_of,
            handoff_id,
        )
        for card in _cards(connection, handoff_id)
        if card["state"] == "sent" or card["attempts"]
    ]
    return outbox.put(connection, *effects)


def say(
    connection: Connection,
    handoff_id: str,
    assignment_id: int,
    key: str,
    text: str,
    as_of: datetime,
    kinds: tuple[str, ...] = CARDS,
    *,
    mentions: bool = False,
) -> int:
    """Say something below an assignment's cards, once for each `key`; returns how many lines are new.

    Args:
        text: escaped.
        kinds: below which of the two.
        mentions: whether the rep is named in their own conversation, so that Slack tells them of the line as of a
            message.
    """
    effects = [
        outbox.Effect(
            f"{THREAD}:{card['dedupe_key']}:{key}",
            CALL if mentions and card["kind"] == DM else THREAD,
            {"message": card["dedupe_key"], "text": text, "rep_name": card["rep_name"]}
            | ({"slack_user_id": card["slack_user_id"]} if card["kind"] == DM else {}),
            as_of,
            handoff_id,
        )
        for card in _cards(connection, handoff_id)
        if card["dedupe_key"] in {f"{kind}:{handoff_id}:{assignment_id}" for kind in kinds}
    ]
    return outbox.put(connection, *effects)


def is_said(connection: Connection, kind: str, handoff_id: str, assignment_id: int, key: str) -> bool:
    """Whether there is a line of that `key` below one of an assignment's cards, which need not have arrived yet."""
    return outbox.has(connection, f"{THREAD}:{kind}:{handoff_id}:{assignment_id}:{key}")


def whisper(connection: Connection, key: str, channel: str, user: str, text: str, as_of: datetime) -> None:
    """Tell one person something where they pressed a button, once for each `key`; `text` is escaped."""
    payload = {"channel": channel, "user": user, "text": text}
    outbox.put(connection, outbox.Effect(f"{WHISPER}:{key}", WHISPER, payload, as_of))


def _cards(connection: Connection, handoff_id: str) -> list[Row]:
    # Locked: an attempt to send one either began before, and is seen, or begins after the caller's commit.
    return connection.execute(
        """select dedupe_key, kind, state, attempts, payload ->> 'rep_name' as rep_name,
            payload ->> 'slack_user_id' as slack_user_id
        from handoff.outbox
        where handoff_id = %s and kind = any(%s) and state in ('pending', 'sent') order by outbox_id for update""",
        (handoff_id, list(CARDS)),
    ).fetchall()


def _revision(connection: Connection, handoff_id: str, as_of: datetime) -> str:
    """Another one after every change that a card tells of, of which the end of a snooze is one, and another handoff."""
    row = connection.execute(
        """with mine as (select assignment_id from handoff.assignments where handoff_id = %(handoff)s)
        select concat_ws('.',
            (select max(assignment_id) from mine),
            (select coalesce(max(disposition_id), 0) from handoff.dispositions where handoff_id = %(handoff)s),
            (select count(*) from handoff.breaches inner join mine using (assignment_id)),
            (select count(*) from handoff.clock_pauses inner join mine using (assignment_id)),
            (select count(*) from handoff.dispositions where handoff_id = %(handoff)s and snoozed_until <= %(at)s),
            %(newer)s::text
        ) as revision""",
        {"handoff": handoff_id, "at": as_of, "newer": newer_of(connection, handoff_id)},
    ).fetchone()
    assert row is not None
    return str(row["revision"])
