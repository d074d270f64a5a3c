"""A manager answers the breaker's question where it is asked: with the two buttons in the review channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff.ledger.db import Connection, Row
from handoff.notify import cards, flood_card
from handoff.notify.card_form import is_number
from handoff.notify.text import slack_text
from handoff.route import flood
from handoff.watch.answer_click import text_at

IGNORED, REFUSED = "ignored", "refused"
ANSWERS: dict[str, flood.Answer] = {flood_card.RELEASE: "released", flood_card.DROP: "dropped"}
NOT_A_MANAGER = "Only a manager of the agreement may answer this. Nothing was changed."


@dataclass(frozen=True)
class Press:
    """One button of one question, pressed by somebody in Slack; `channel` and `ts` name the message."""

    flood_id: int
    said: flood.Answer
    user_id: str
    channel: str
    ts: str


def parse(payload: dict[str, Any]) -> Press | None:
    """The press in an interaction; None when it is none of these buttons, or broken."""
    actions = payload.get("actions")
    pressed = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    said, value = ANSWERS.get(text_at(pressed, "action_id")), text_at(pressed, "value")
    user_id = text_at(payload, "user", "id")
    if payload.get("type") != "block_actions" or said is None or not is_number(value) or not user_id:
        return None
    place = (text_at(payload, "container", "channel_id"), text_at(payload, "container", "message_ts"))
    return Press(int(value), said, user_id, *place)


def apply(connection: Connection, event: Row, as_of: datetime) -> str:
    """Apply a stored press in the caller's transaction; returns what it is counted as.

    Who manages nobody, and who comes second, is told so where they pressed.
    """
    press = parse(event["payload"])
    if press is None or not _is_the_question(connection, press):
        return IGNORED
    name = _manager(connection, press.user_id, event["received_at"])
    if name is None:
        return _refuse(connection, event, press, NOT_A_MANAGER, as_of)
    try:
        flood.answer(connection, press.flood_id, press.said, name, event["received_at"])
    except flood.NothingToAnswer as error:
        return _refuse(connection, event, press, slack_text(f"Nothing was changed; {error}.", 200), as_of)
    return press.said


def _refuse(connection: Connection, event: Row, press: Press, text: str, as_of: datetime) -> str:
    cards.whisper(connection, event["event_key"], press.channel, press.user_id, text, as_of)
    return REFUSED


def _is_the_question(connection: Connection, press: Press) -> bool:
    """Whether the pressed message asks about that flood, or may, its delivery being in doubt."""
    return bool(
        connection.execute(
            """select from handoff.outbox where dedupe_key = %s and (
                (result ->> 'channel' = %s and result ->> 'ts' = %s) or (state = 'pending' and attempts > 0)
            )""",
            (flood_card.key(press.flood_id), press.channel, press.ts),
        ).rowcount
    )


def _manager(connection: Connection, slack_user_id: str, at: datetime) -> str | None:
    """The name of somebody in force whom a rep in force has for a manager."""
    row = connection.execute(
        """select manager.name
        from agreement.reps as manager
        where manager.slack_user_id = %(user)s and manager.valid_from <= %(at)s and %(at)s < manager.valid_to
        and exists (
            select from agreement.reps as rep
            where rep.manager_id = manager.rep_id and rep.valid_from <= %(at)s and %(at)s < rep.valid_to
        )
        order by manager.rep_id limit 1""",
        {"user": slack_user_id, "at": at},
    ).fetchone()
    return row["name"] if row else None
