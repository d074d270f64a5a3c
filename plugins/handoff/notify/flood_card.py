"""The breaker's question in the review channel: what is held, why, and two buttons while nobody has answered."""

from datetime import datetime
from typing import Any

from handoff.ledger import outbox
from handoff.ledger.db import Connection
from handoff.notify.alert import REVIEW, review_channel
from handoff.notify.card import Card
from handoff.notify.card_parts import BUTTON, Block, plain, section
from handoff.notify.cards import UPDATE
from handoff.notify.moments import told_at, zone
from handoff.notify.text import slack_text

RELEASE, DROP = "handoff_flood_release", "handoff_flood_drop"
"""The buttons' `action_id`; each one's value is the flood's number."""
SAID = {"released": "Released", "dropped": "Dropped"}
NAME = 60


def key(flood_id: int) -> str:
    """The dedupe key of the question."""
    return f"{REVIEW}:flood:{flood_id}"


def ask(connection: Connection, flood_id: int, at: datetime) -> None:
    """Queue the question, once, in the caller's transaction."""
    payload = {"channel": review_channel(), "flood_id": flood_id}
    outbox.put(connection, outbox.Effect(key(flood_id), REVIEW, payload, at))


def refresh(connection: Connection, flood_id: int, at: datetime) -> None:
    """Queue that the question says what became of it, in the caller's transaction."""
    message = key(flood_id)
    outbox.put(connection, outbox.Effect(f"{UPDATE}:{message}:answered", UPDATE, {"message": message}, at))


def question(connection: Connection, flood_id: int, as_of: datetime) -> Card:
    """The message as the ledger has it.

    Raises:
        ValueError: there is no such flood.
    """
    row = connection.execute(
        """select flood.*, (select count(*) from handoff.flood_leads as held where held.flood_id = flood.flood_id)
            as held
        from handoff.floods as flood where flood_id = %s""",
        (flood_id,),
    ).fetchone()
    if row is None:
        raise ValueError(f"flood {flood_id} is not in the ledger")
    held = (
        f"{row['held']:,} MQLs are held: more than the {row['allowed']:,} an hour that go through without asking, "
        f"since {told_at(row['opened_at'], zone('UTC'), as_of)}."
    )
    if row["answer"]:
        who = slack_text(row["answered_by"], NAME, empty="somebody")
        done = f"{SAID[row['answer']]} by {who}, {told_at(row['answered_at'], zone('UTC'), as_of)}."
        return Card(f"{done} {held}", [section([done, held])])
    how = (
        "Release hands them over, the hottest first. Drop hands none of them over for what they did until now. "
        "What they qualified by is in Airflow under Required Actions (DAG handoff_flood); `handoff route release` and "
        "`handoff route drop` answer, too."
    )
    return Card(f"{held} {how}", [section([held, how]), _buttons(flood_id, row["held"])])


def _buttons(flood_id: int, held: int) -> Block:
    return {
        "type": "actions",
        "block_id": f"handoff_flood:{flood_id}",
        "elements": [
            _button(flood_id, RELEASE, "Release", "primary", f"{held:,} leads go to their reps at once."),
            _button(flood_id, DROP, "Drop", "danger", f"{held:,} leads go to nobody for what they did until now."),
        ],
    }


def _button(flood_id: int, action: str, label: str, style: str, follows: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action,
        "text": plain(label, BUTTON),
        "style": style,
        "value": str(flood_id),
        "confirm": {
            "title": plain(f"{label} them?", 100),
            "text": plain(follows, 300),
            "confirm": plain(label, 30),
            "deny": plain("Not yet", 30),
        },
    }
